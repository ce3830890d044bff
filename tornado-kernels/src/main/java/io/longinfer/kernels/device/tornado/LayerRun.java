package io.longinfer.kernels.device.tornado;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.Alignment;
import io.longinfer.kernels.device.Block;
import io.longinfer.kernels.device.BlockInput;
import io.longinfer.kernels.device.BlockTable;
import io.longinfer.kernels.device.ClosedChunks;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.DecoderWeights;
import io.longinfer.kernels.device.DeviceProfile;
import io.longinfer.kernels.device.StepLayout;
import java.lang.foreign.MemorySegment;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/**
 * Takes blocks through the layers by executing graphs. A decoding step executes two a layer: project, and finish with all
 * attention. Calls of {@link #attend} are noted until then; what they read is kept as it was (see {@link StagedWrites}). They are
 * executed earlier only if one of them reads a slot whose new chunk waits for another to be executed, or if there are more entries
 * than the table holds. Not thread-safe, {@link #write} and {@link #read} apart.
 */
final class LayerRun implements AutoCloseable {
    /** Bounds of the entries of a table beside those of the block itself: it goes to the device with every layer. */
    private static final int LEAST_ENTRIES = 1024;

    private static final int MOST_ENTRIES = 16384;

    private final DecoderWeights weights;
    private final DecoderShape shape;
    private final DecoderGraphs graphs;
    private final BlockInput input;
    private final BlockSlots blockSlots;
    private final StagedWrites staged;
    private final PoolReader pool;
    private final EntryLists lists;
    private final AttentionRecord record;
    private final Steps steps;

    /** Entries of past chunks that are noted at most. */
    private final int pastEntries;

    private final float[] queries;
    private final float[] guessed;
    private DecoderGraphs.Stages stages;
    private Block block = new Block();
    private int layer;
    private boolean queriesRead;

    /** Whether queries were asked for that are guessed with each layer's projection from then on. */
    private boolean guesses;

    private boolean guessedNow;

    private LayerRun(
            DecoderWeights weights, DecoderGraphs graphs, BlockSlots blockSlots, int pastEntries, int sequences) {
        this.weights = weights;
        this.graphs = graphs;
        this.blockSlots = blockSlots;
        this.pastEntries = pastEntries;
        shape = weights.shape();
        stages = graphs.decode;
        int maxRows = graphs.prefillBlock.maxRows;
        input = new BlockInput(shape, maxRows);
        staged = new StagedWrites(graphs.kv.slots, new ChunkLayout(shape.headDim()).sizeBytes());
        pool = new PoolReader(graphs, new ChunkLayout(shape.headDim()), maxRows, sequences, shape.kvHeads());
        lists = new EntryLists(sequences, shape.kvHeads());
        record = new AttentionRecord(shape, graphs, sequences, lists);
        steps = new Steps(shape, graphs.kv, blockSlots);
        queries = new float[Math.multiplyExact(maxRows, shape.queryWidth())];
        guessed = new float[Math.multiplyExact(sequences, shape.queryWidth())];
    }

    /**
     * Lays the device's memory out and copies the weights.
     *
     * @param slots of the scheduler's pools
     */
    static LayerRun start(
            DecoderWeights weights,
            int slots,
            int maxBlockTokens,
            int sequences,
            TornadoDevice device,
            DeviceProfile profile) {
        DecoderShape shape = weights.shape();
        BlockSlots own = new BlockSlots(shape, maxBlockTokens, sequences, slots);
        int blockEntries = shape.kvHeads() * (maxBlockTokens / ChunkLayout.TOKENS + 2 * sequences);
        int past = Math.clamp(slots, LEAST_ENTRIES, MOST_ENTRIES);
        DecoderGraphs graphs = new DecoderGraphs(
                weights, slots + own.slots(), past + blockEntries, maxBlockTokens, sequences, device, profile);
        try {
            graphs.start();
        } catch (RuntimeException e) {
            graphs.close();
            throw e;
        }
        return new LayerRun(weights, graphs, own, past, sequences);
    }

    void write(int slot, MemorySegment source, long offset) {
        staged.write(slot, source, offset);
    }

    void read(int slot, MemorySegment target, long offset) {
        if (!staged.read(slot, target, offset)) {
            pool.read(slot, target, offset);
        }
    }

    long executions() {
        return graphs.graphs.executions();
    }

    void begin(Block block) {
        this.block = block;
        blockSlots.begin(block);
        stages = block.rows() == block.segments() ? graphs.decode : graphs.prefill;
        input.read(block, weights);
        int rows = block.rows();
        BlockArrays arrays = stages.block();
        HostArrays.copy(input.hidden(), rows * shape.width(), arrays.sent, Alignment.FIRST);
        int angles = rows * (shape.rope().rotated() / 2);
        HostArrays.copy(input.cos(), angles, arrays.cos, 0);
        HostArrays.copy(input.sin(), angles, arrays.sin, 0);
        steps.begin(block, arrays.step, 0);
        stages.load().run();
    }

    /** Ends the block. */
    void end() {
        blockSlots.end();
        block = new Block();
        lists.clear();
        staged.release();
    }

    private boolean decoding() {
        return stages.decoding();
    }

    void project(int layer) {
        this.layer = layer;
        BlockArrays arrays = stages.block();
        steps.begin(block, arrays.step, layer);
        arrays.step.set(StepLayout.FRESH, 1);
        guessedNow = guesses && decoding() && layer + 1 < shape.layers();
        if (guessedNow) {
            steps.begin(block, arrays.nextStep, layer + 1);
            stages.projectAndGuess().run();
        } else {
            stages.project().run();
        }
        queriesRead = false;
        lists.clear();
        record.begin();
    }

    /** {@code [rows][heads][headDim]} of the layer at hand. */
    float[] queries() {
        if (!queriesRead) {
            graphs.graphs.read(
                    stages.block().queries, Alignment.FIRST, (long) block.rows() * shape.queryWidth(), queries, 0);
            queriesRead = true;
        }
        return queries;
    }

    /** {@code [segments][heads][headDim]}: guesses for each segment's last row in the layer behind. */
    float[] predictQueries(int next) {
        BlockArrays arrays = stages.block();
        if (!guessedNow) {
            steps.begin(block, arrays.nextStep, next);
            stages.guess().run();
            guesses = decoding();
            guessedNow = true;
        }
        int width = shape.queryWidth();
        for (int segment = 0; segment < block.segments(); segment++) {
            int row = block.firstRow(segment) + block.rows(segment) - 1;
            graphs.graphs.read(arrays.guessed, Alignment.FIRST + (long) row * width, width, guessed, segment * width);
        }
        return guessed;
    }

    /** Notes chunks that a segment attends. */
    void attend(int segment, TornadoKvPool from, BlockTable table, boolean recorded) {
        if (waitsForOthers(from, table)) {
            flush();
        }
        int call = record.call(segment, table, recorded && decoding());
        for (int head = 0; head < table.kvHeads(); head++) {
            int size = table.size(head);
            int count;
            for (int first = 0; first < size; first += count) {
                if (lists.total() == pastEntries) {
                    flush();
                }
                count = Math.min(size - first, pastEntries - lists.total());
                record.part(segment, call, head, first, count);
                for (int i = first; i < first + count; i++) {
                    int slot = from.slot(table.slot(head, i));
                    staged.hold(slot);
                    int position = table.chunk(head, i) * ChunkLayout.TOKENS;
                    lists.add(segment, head, slot, position, table.mask(head, i));
                }
            }
        }
    }

    private boolean waitsForOthers(TornadoKvPool from, BlockTable table) {
        for (int head = 0; head < table.kvHeads(); head++) {
            for (int i = 0; i < table.size(head); i++) {
                if (staged.waitsBehind(from.slot(table.slot(head, i)))) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Executes the attention noted so far. */
    private void flush() {
        if (lists.total() > 0) {
            bringAllBut(0);
            steps.table(block, lists);
            stages.block().step.set(StepLayout.RECORD, record.wanted() ? 1 : 0);
            stages.attend().run();
            attended();
            stages.block().step.set(StepLayout.FRESH, 0);
        }
    }

    /** Brings waiting chunks to the device until no more than {@code rest} are left. */
    private void bringAllBut(int rest) {
        while (staged.ready() > rest) {
            bring(graphs.many);
            stages.scatter().run();
        }
    }

    private void bring(StagingArrays staging) {
        int count = staging.take(staged);
        stages.block().step.set(StepLayout.STAGED, count);
    }

    private void attended() {
        record.read();
        lists.clear();
        staged.release();
    }

    /** Attention noted so far and of the block itself, and the rest of the layer. */
    void finish() {
        bringAllBut(graphs.few.capacity);
        steps.addBlock(block, layer, lists);
        steps.table(block, lists);
        stages.block().step.set(StepLayout.RECORD, record.wanted() ? 1 : 0);
        if (staged.ready() > 0) {
            bring(graphs.few);
            stages.scatterAndFinish().run();
        } else {
            stages.finish().run();
        }
        attended();
        record.end(stages.block(), block.rows());
    }

    float mass(int segment, int call, int kvHead, int index) {
        return record.mass(segment, call, kvHead, index, block.firstRow(segment));
    }

    ClosedChunks closedChunks(int segment) {
        return pool.closedChunks(block, segment, layer, blockSlots);
    }

    void logits(int firstRow, int count, float[] logits) {
        BlockArrays arrays = stages.block();
        int vocabulary = shape.vocabulary();
        int rows;
        for (int row = 0; row < count; row += rows) {
            rows = Math.min(LogitsArrays.ROWS, count - row);
            arrays.step.set(StepLayout.LOGITS_ROW, firstRow + row);
            arrays.step.set(StepLayout.LOGITS_ROWS, rows);
            stages.logits().run();
            graphs.graphs.read(
                    graphs.logits.logits, Alignment.FIRST, (long) rows * vocabulary, logits, row * vocabulary);
        }
    }

    @Override
    public void close() {
        graphs.close();
    }
}
