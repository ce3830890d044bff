package io.longinfer.kvcache.selection;

import io.longinfer.kvcache.abstracts.LayerAbstracts;
import io.longinfer.kvcache.chunk.ChunkTree;
import io.longinfer.kvcache.chunk.Partition;

/**
 * Best-first search of one KV head's chunk tree for the leaves with the greatest scores. Nodes whose leaves lie on disk only are
 * put aside; when nothing else can be opened, those that still matter are wanted, and the search goes on once they are fetched.
 * What is found depends on scores alone, never on what lies in memory.
 *
 * <p>Merged nodes come last: after the exact search of the rest, those whose corrected score is among the best are opened,
 * {@link #ROUND} at a time. Used by one thread at a time; no call allocates.
 */
final class HeadSearch {
    /** Merged nodes that are opened before the others are looked at anew: a fixed number, so that rounds are always the same. */
    private static final int ROUND = 4;

    private static final int FAN_OUT = ChunkTree.FAN_OUT;
    private static final int KNOWN = FAN_OUT;
    private static final int LEVEL_SHIFT = 28;
    private static final int NODE = (1 << LEVEL_SHIFT) - 1;

    private final int kvHead;
    private final int group;
    private final int headDim;
    private final GroupRule rule;
    private final int stride;
    private final float[] bounds;
    private final float[] logs;

    /** {@code [group][KNOWN]}: scores of leaves by which heads are normalised. */
    private final float[] known;

    private final NodeQueue queue;
    private final NodeQueue mergedQueue;
    private final BestLeaves best;
    private final boolean[] chosen;

    /** Nodes of level 1 that are put aside, and their scores. */
    private final int[] aside;

    /** {@code [nodes of level 1]}. */
    private final float[] scores;

    /** {@code [nodes of level 1]}: the greatest score of a leaf, if the node was opened. */
    private final float[] greatest;

    /** Nodes of level 1 that were opened, in order; those from {@code exactCount} on were merged. */
    private final int[] openedNodes;

    private int openedCount;
    private int exactCount;

    private int asideCount;
    private boolean forced;

    private LayerAbstracts abstracts;
    private Partition partition;
    private SearchMode mode = SearchMode.FLAT;
    private boolean guessing;
    private float[] queries = new float[0];
    private int queryOffset;
    private int first;
    private int end;
    private int leaves;
    private long opened;
    private long scored;

    HeadSearch(int kvHead, int group, int headDim, GroupRule rule, int chunksPerHead) {
        this.kvHead = kvHead;
        this.group = group;
        this.headDim = headDim;
        this.rule = rule;
        int nodes = Math.max(1, ChunkTree.nodes(chunksPerHead, 1));
        stride = Math.ceilDiv(nodes, FAN_OUT) * FAN_OUT;
        bounds = new float[group * stride];
        logs = new float[group];
        known = new float[group * KNOWN];
        queue = new NodeQueue(2 * stride + FAN_OUT);
        mergedQueue = new NodeQueue(stride);
        best = new BestLeaves(chunksPerHead);
        chosen = new boolean[chunksPerHead];
        aside = new int[stride];
        scores = new float[stride];
        greatest = new float[stride];
        openedNodes = new int[stride];
    }

    /**
     * Starts a search for the {@code count} best of leaves {@code from} to {@code to - 1}.
     *
     * @param partition used in mode ADAPTIVE only
     * @param guess whether to read and learn nothing
     */
    void start(
            LayerAbstracts layer,
            Partition partition,
            SearchMode mode,
            boolean guess,
            float[] queries,
            int queryOffset,
            int leaves,
            int from,
            int to,
            int count) {
        abstracts = layer;
        this.partition = partition;
        this.mode = mode;
        guessing = guess;
        this.queries = queries;
        this.queryOffset = queryOffset + kvHead * group * headDim;
        this.leaves = leaves;
        first = from;
        end = to;
        opened = 0;
        scored = 0;
        asideCount = 0;
        openedCount = 0;
        exactCount = 0;
        forced = false;
        queue.clear();
        mergedQueue.clear();
        best.clear(count);
        if (count == 0) {
            return;
        }
        if (group > 1) {
            normalise();
        }
        int level = mode == SearchMode.FLAT ? 1 : layer.levels();
        int nodes = ChunkTree.nodes(leaves, level);
        layer.scoreNodes(level, kvHead, 0, Math.ceilDiv(nodes, FAN_OUT), queries, this.queryOffset, bounds, stride);
        GroupScores.combine(rule, bounds, stride, group, nodes, logs);
        scored += nodes;
        for (int node = 0; node < nodes; node++) {
            add(level, node, bounds[node]);
        }
        advance();
    }

    /** Puts heads on one scale, by the first leaf, on which attention likes to rest, and the newest ones. */
    private void normalise() {
        int count = leaves % FAN_OUT;
        if (count > 0) {
            abstracts.scoreNewest(kvHead, queries, queryOffset, bounds, stride);
            know(0, count);
        }
        if (leaves >= FAN_OUT) {
            abstracts.scoreFirst(kvHead, queries, queryOffset, bounds, stride);
            know(count++, 1);
        }
        GroupScores.normalise(known, KNOWN, group, count, logs);
    }

    private void know(int from, int count) {
        for (int head = 0; head < group; head++) {
            System.arraycopy(bounds, head * stride, known, head * KNOWN + from, count);
        }
    }

    private void add(int level, int node, float score) {
        long leaf = (long) node << (4 * level);
        if (leaf >= end || leaf + (1L << (4 * level)) <= first) {
            return; // all of it is attended anyway
        }
        if (level > 1) {
            queue.add(score, (level << LEVEL_SHIFT) | node);
            return;
        }
        scores[node] = score;
        if (mode == SearchMode.ADAPTIVE && partition.merged(kvHead, node)) {
            mergedQueue.add(GroupScores.lower(score, partition.slack(kvHead, node), group), node);
        } else {
            queue.add(GroupScores.parent(score, group), (1 << LEVEL_SHIFT) | node);
        }
    }

    /** Goes on as far as memory allows. */
    private void advance() {
        openQueue();
        dropHopeless();
        while (asideCount == 0 && openMerged()) {}
    }

    private void openQueue() {
        while (!queue.isEmpty() && admits(queue.topScore())) {
            int code = queue.remove();
            int level = code >>> LEVEL_SHIFT;
            int node = code & NODE;
            if (level == 1) {
                openOrPutAside(node);
                continue;
            }
            int children = Math.min(FAN_OUT, ChunkTree.nodes(leaves, level - 1) - node * FAN_OUT);
            abstracts.scoreNodes(level - 1, kvHead, node, 1, queries, queryOffset, bounds, stride);
            GroupScores.combine(rule, bounds, stride, group, children, logs);
            opened++;
            scored += children;
            for (int i = 0; i < children; i++) {
                add(level - 1, node * FAN_OUT + i, bounds[i]);
            }
        }
    }

    private boolean admits(float score) {
        return mode == SearchMode.FLAT || best.admits(score);
    }

    private void openOrPutAside(int node) {
        if (abstracts.resident(kvHead, node)) {
            open(node);
        } else if (!guessing) {
            aside[asideCount++] = node;
        }
    }

    private void open(int node) {
        abstracts.scoreLeaves(kvHead, node, !guessing, queries, queryOffset, bounds, stride);
        int leaf = node * FAN_OUT;
        int count = Math.min(FAN_OUT, leaves - leaf);
        GroupScores.combine(rule, bounds, stride, group, count, logs);
        opened++;
        scored += count;
        int from = Math.max(first - leaf, 0);
        int to = Math.min(count, end - leaf);
        float most = -Float.MAX_VALUE;
        for (int i = from; i < to; i++) {
            most = Math.max(most, bounds[i]);
            best.offer(bounds[i], leaf + i);
        }
        greatest[node] = most;
        openedNodes[openedCount++] = node;
        exactCount += forced ? 0 : 1;
    }

    /** Keeps aside only what may still hold one of the best; merged nodes of a round all stay. */
    private void dropHopeless() {
        if (forced) {
            return;
        }
        int kept = 0;
        for (int i = 0; i < asideCount; i++) {
            if (admits(GroupScores.parent(scores[aside[i]], group))) {
                aside[kept++] = aside[i];
            }
        }
        asideCount = kept;
    }

    private boolean openMerged() {
        if (guessing || mode != SearchMode.ADAPTIVE) {
            return false;
        }
        forced = true;
        int round = Math.max(ROUND, Math.ceilDiv(best.missing(), FAN_OUT));
        // The whole round is chosen before any of it is opened: what lies in memory must not raise the bar for the
        // rest.
        while (asideCount < round && !mergedQueue.isEmpty() && best.admits(mergedQueue.topScore())) {
            aside[asideCount++] = mergedQueue.remove();
        }
        boolean any = asideCount > 0;
        openResident();
        return any;
    }

    private void openResident() {
        int kept = 0;
        for (int i = 0; i < asideCount; i++) {
            if (abstracts.resident(kvHead, aside[i])) {
                open(aside[i]);
            } else {
                aside[kept++] = aside[i];
            }
        }
        asideCount = kept;
    }

    /** Nodes whose leaves the search waits for, best first; 0 if it is done. */
    int wanted() {
        return asideCount;
    }

    /** A node whose leaves are wanted. */
    int wantedNode(int index) {
        return aside[index];
    }

    /** Goes on after some of the wanted leaves were fetched. */
    void resume() {
        openResident();
        dropHopeless();
        while (asideCount == 0 && openMerged()) {}
    }

    /** Writes the result, ascending, with all leaves outside the searched range; tells the partition unless it was a guess. */
    void finish(Selection selection) {
        for (int i = 0; i < best.size(); i++) {
            chosen[best.leaf(i)] = true;
        }
        selection.clear(kvHead);
        for (int leaf = 0; leaf < leaves; leaf++) {
            if (leaf < first || leaf >= end || chosen[leaf]) {
                selection.add(kvHead, leaf);
            }
        }
        if (mode == SearchMode.ADAPTIVE && !guessing) {
            teach();
        }
        for (int i = 0; i < best.size(); i++) {
            chosen[best.leaf(i)] = false;
        }
    }

    /** Tells the partition what was seen, leaving out what was opened only because better leaves had to be fetched first. */
    private void teach() {
        for (int i = 0; i < openedCount; i++) {
            int node = openedNodes[i];
            if (i >= exactCount || best.admits(GroupScores.parent(scores[node], group))) {
                partition.measure(kvHead, node, GroupScores.gap(scores[node], greatest[node], group));
            }
        }
        for (int i = 0; i < best.size(); i++) {
            partition.selected(kvHead, best.leaf(i) / FAN_OUT);
        }
    }

    /** Groups of leaves scored. */
    long leafGroups() {
        return openedCount;
    }

    /** Inner nodes opened: their children scored. */
    long opened() {
        return opened;
    }

    /** Nodes scored, leaves and inner ones. */
    long scored() {
        return scored;
    }
}
