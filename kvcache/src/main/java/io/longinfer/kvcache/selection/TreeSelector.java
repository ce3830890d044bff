package io.longinfer.kvcache.selection;

import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.WorkerPool;
import io.longinfer.kvcache.abstracts.AbstractStore;
import io.longinfer.kvcache.abstracts.LayerAbstracts;
import io.longinfer.kvcache.chunk.ChunkTree;
import io.longinfer.kvcache.chunk.Deserts;
import io.longinfer.kvcache.chunk.Partition;
import io.longinfer.kvcache.chunk.PartitionOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Chooses the chunks with the greatest upper bounds (see {@link GroupScores}), by scoring all of them or by best-first search of
 * the chunk tree; in mode ADAPTIVE, over a partition and with budgets of layers, the first ones apart, that follow the measured
 * deserts. Until every layer has learned its deserts, budgets are the fixed ones and all nodes count as split.
 *
 * <p>KV heads are searched by the workers at once. Used by one thread; owns nothing.
 */
public final class TreeSelector implements Selector {
    private final SelectionBudget budget;
    private final SearchMode mode;
    private final PartitionOptions options;
    private final AbstractStore abstracts;
    private final WorkerPool workers;
    private final int kvHeads;
    private final HeadSearch[] searches;
    private final List<Partition> partitions = new ArrayList<>();
    private final double[] ratios;
    private final double[] desertRates;
    private final boolean[] learned;
    private final boolean[] deserts;
    private final Counters[] counters;
    private final WorkerPool.Task startTask = this::start;
    private final WorkerPool.Task resumeTask = this::resume;

    // The job of the tasks.
    private int layer;
    private int chunks;
    private boolean guess;
    private float[] queries = new float[0];
    private int queryOffset;

    /** What one layer's searches did. */
    private static final class Counters {
        long searches;
        long leaves;
        long opened;
        long scored;
        long scoredGroups;
    }

    /**
     * A selector for one sequence.
     *
     * @param abstracts must have every layer that leaves a choice
     * @param options used in mode ADAPTIVE
     */
    public TreeSelector(
            SelectionBudget budget,
            GroupRule rule,
            SearchMode mode,
            PartitionOptions options,
            DecoderShape shape,
            int chunksPerHead,
            AbstractStore abstracts,
            WorkerPool workers) {
        this.budget = budget;
        this.mode = mode;
        this.options = options;
        this.abstracts = abstracts;
        this.workers = workers;
        kvHeads = shape.kvHeads();
        searches = new HeadSearch[kvHeads];
        for (int head = 0; head < kvHeads; head++) {
            searches[head] = new HeadSearch(head, shape.group(), shape.headDim(), rule, chunksPerHead);
        }
        int layers = shape.layers();
        int nodes = mode == SearchMode.ADAPTIVE ? ChunkTree.nodes(chunksPerHead, 1) : 0;
        ratios = new double[layers];
        desertRates = new double[layers];
        learned = new boolean[layers];
        deserts = new boolean[chunksPerHead];
        counters = new Counters[layers];
        for (int l = 0; l < layers; l++) {
            partitions.add(new Partition(kvHeads, nodes, options));
            counters[l] = new Counters();
        }
        resetRatios();
    }

    private void resetRatios() {
        for (int l = 0; l < ratios.length; l++) {
            ratios[l] = budget.ratio(l);
        }
    }

    @Override
    public boolean chooses(int layer, int chunks) {
        return attendedChunks(layer, chunks) < chunks;
    }

    @Override
    public int attendedChunks(int layer, int chunks) {
        return budget.attendedChunks(ratios[layer], chunks);
    }

    @Override
    public void select(int layer, int chunks, float[] queries, int queryOffset, Selection selection) {
        if (!chooses(layer, chunks)) {
            all(chunks, selection);
            return;
        }
        LayerAbstracts layerAbstracts = layerAbstracts(layer);
        Partition partition = partitions.get(layer);
        partition.nextStep();
        layerAbstracts.beginStep();
        job(layer, chunks, false, queries, queryOffset);
        workers.forEach(kvHeads, startTask);
        while (fetchWanted(layerAbstracts)) {
            workers.forEach(kvHeads, resumeTask);
        }
        layerAbstracts.endStep();
        for (int head = 0; head < kvHeads; head++) {
            searches[head].finish(selection);
            if (mode == SearchMode.ADAPTIVE && learned[layer]) {
                partition.mergeIdle(head, (chunks - budget.recentChunks()) / ChunkTree.FAN_OUT);
            }
        }
        count(counters[layer]);
    }

    @Override
    public void guess(int layer, int chunks, float[] queries, int queryOffset, Selection selection) {
        if (!chooses(layer, chunks)) {
            all(chunks, selection);
            return;
        }
        job(layer, chunks, true, queries, queryOffset);
        workers.forEach(kvHeads, startTask);
        for (HeadSearch search : searches) {
            search.finish(selection);
        }
    }

    private void all(int chunks, Selection selection) {
        for (int head = 0; head < kvHeads; head++) {
            selection.all(head, chunks);
        }
    }

    private LayerAbstracts layerAbstracts(int layer) {
        if (abstracts.layer(layer).isEmpty()) {
            throw new IllegalStateException("layer " + layer + " chooses but has no abstracts");
        }
        return abstracts.layer(layer).get();
    }

    private void job(int layer, int chunks, boolean guess, float[] queries, int queryOffset) {
        this.layer = layer;
        this.chunks = chunks;
        this.guess = guess;
        this.queries = queries;
        this.queryOffset = queryOffset;
    }

    @SuppressWarnings("UnusedVariable") // a WorkerPool.Task
    private void start(int head, int worker) {
        searches[head].start(
                layerAbstracts(layer),
                partitions.get(layer),
                mode,
                guess,
                queries,
                queryOffset,
                chunks,
                budget.sinkChunks(),
                chunks - budget.recentChunks(),
                SelectionBudget.chosenChunks(ratios[layer], chunks));
    }

    @SuppressWarnings("UnusedVariable") // a WorkerPool.Task
    private void resume(int head, int worker) {
        searches[head].resume();
    }

    /** Reads the leaves that the searches wait for, as many as memory takes, the best of each head first. */
    private boolean fetchWanted(LayerAbstracts layerAbstracts) {
        int room = layerAbstracts.fetchable();
        int taken = 0;
        boolean more = true;
        for (int i = 0; more && taken < room; i++) {
            more = false;
            for (int head = 0; head < kvHeads && taken < room; head++) {
                if (i < searches[head].wanted()) {
                    layerAbstracts.want(head, searches[head].wantedNode(i));
                    taken++;
                    more = true;
                }
            }
        }
        if (taken > 0) {
            layerAbstracts.fetch();
        }
        return taken > 0;
    }

    private void count(Counters c) {
        for (HeadSearch search : searches) {
            c.searches++;
            c.leaves += chunks;
            c.opened += search.opened();
            c.scored += search.scored();
            c.scoredGroups += search.leafGroups();
        }
    }

    @Override
    public void learnPrefill(int layer, int chunks, float[] masses, int offset, int stride) {
        if (mode != SearchMode.ADAPTIVE || chunks == 0) {
            return;
        }
        double rate = 0;
        for (int head = 0; head < kvHeads; head++) {
            int low = Deserts.mark(masses, offset + head * stride, chunks, options, deserts);
            rate += (double) low / chunks / kvHeads;
            partitions.get(layer).start(head, deserts, chunks);
        }
        desertRates[layer] = Math.min(1, rate);
        learned[layer] = true;
        for (boolean known : learned) {
            if (!known) {
                return;
            }
        }
        // The first layers keep their own ratio: attention is spread there whatever the last queries of a prompt show.
        int first = Math.min(budget.firstLayers(), ratios.length);
        double[] others = LayerRatios.of(
                budget.ratio(), Arrays.copyOfRange(desertRates, first, ratios.length), options.minRatio());
        System.arraycopy(others, 0, ratios, first, others.length);
    }

    @Override
    public void learnStep(int layer, int chunks, Selection selection, float[] masses, int offset, int stride) {
        if (mode != SearchMode.ADAPTIVE || !learned[layer]) {
            return;
        }
        Partition partition = partitions.get(layer);
        partition.judgeByMass();
        double threshold = options.desertThreshold() / chunks;
        for (int head = 0; head < kvHeads; head++) {
            for (int i = 0; i < selection.size(head); i++) {
                int chunk = selection.chunk(head, i);
                if (masses[offset + head * stride + chunk] >= threshold) {
                    partition.used(head, chunk / ChunkTree.FAN_OUT);
                }
            }
        }
    }

    /** The ratio of a layer as it is now. */
    public double ratio(int layer) {
        return ratios[layer];
    }

    /** What the searches of a layer did since {@link #resetStatistics}. */
    public SearchStatistics statistics(int layer) {
        Counters c = counters[layer];
        Partition partition = partitions.get(layer);
        int groupBytes =
                abstracts.layer(layer).map(LayerAbstracts::leafGroupBytes).orElse(0);
        long readGroups = abstracts.layer(layer).map(LayerAbstracts::readGroups).orElse(0L);
        return new SearchStatistics(
                c.searches,
                c.leaves,
                c.opened,
                c.scored,
                c.scoredGroups * groupBytes,
                readGroups,
                readGroups * groupBytes,
                ratios[layer],
                desertRates[layer],
                partition.mergedNodes(),
                partition.splits(),
                partition.merges());
    }

    /** Starts the counters of all layers anew. */
    public void resetStatistics() {
        for (int l = 0; l < counters.length; l++) {
            counters[l] = new Counters();
            partitions.get(l).resetCounts();
            abstracts.layer(l).ifPresent(LayerAbstracts::resetCounts);
        }
    }

    @Override
    public void reset() {
        partitions.forEach(Partition::reset);
        Arrays.fill(learned, false);
        Arrays.fill(desertRates, 0);
        resetRatios();
    }
}
