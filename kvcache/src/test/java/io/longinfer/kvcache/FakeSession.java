package io.longinfer.kvcache;

import io.longinfer.kernels.attention.AttentionState;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.attention.ChunkList;
import io.longinfer.kernels.attention.ScalarAttentionKernels;
import io.longinfer.kernels.device.Block;
import io.longinfer.kernels.device.BlockTable;
import io.longinfer.kernels.device.ClosedChunks;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.DeviceSession;
import io.longinfer.kernels.device.KvPool;
import io.longinfer.kernels.device.TokenMeasures;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;

/**
 * A session without a model: random keys, values and queries. It keeps every chunk it closed in a plain array, checks that each
 * slot it is told to attend holds exactly that chunk, and attends with the scalar kernels. Chunks come whole, in one call of
 * {@link #close}.
 */
final class FakeSession implements DeviceSession {
    final DecoderShape shape;
    final ChunkLayout layout;
    final Random random;
    private final byte[][] chunks;

    /** {@code [kvHeads][chunk]}: how often each chunk was attended in the layer at hand. */
    final int[][] attended;

    /** {@code [kvHeads][chunk]}: which tokens of each were, a bit each. */
    final int[][] masks;

    final AttentionState state;
    boolean compute;
    float[] queries;
    int blockTokens = 1;
    boolean recording;
    private boolean recordingTokens;
    int calls;
    MassModel mass = (layer, head, chunk) -> 0.01f;
    Contents contents = (layer, head, chunk, original, found) -> Arrays.equals(original, found);

    KeyModel keys = (layer, head, chunk, channel) -> (float) draw();
    QueryModel query = (step, layer, index) -> (float) draw();

    /** How far guessed queries are from those that come; 0 for right guesses. */
    float guessError = 0.5f;

    /** Of everything that was attended, in the order of calls, slots apart. */
    long digest;

    private float[] nextQueries;
    private final float[] guessed;
    private final Random guesses;

    private final Arena arena = Arena.ofShared();
    private final ScalarAttentionKernels kernels = new ScalarAttentionKernels();
    private final MemorySegment memory;
    private final int[][][] tables;
    private final byte[] found;
    private int layer;
    private int drawn;

    /** What a chunk weighs. */
    interface MassModel {
        float mass(int layer, int kvHead, int chunk);
    }

    FakeSession(DecoderShape shape, int contextTokens, long seed) {
        this.shape = shape;
        layout = new ChunkLayout(shape.headDim());
        random = new Random(seed);
        attended = new int[shape.kvHeads()][contextTokens / ChunkLayout.TOKENS + 1];
        masks = new int[shape.kvHeads()][attended[0].length];
        chunks = new byte[shape.layers() * shape.kvHeads() * attended[0].length][];
        state = new AttentionState(shape.heads(), shape.headDim());
        queries = new float[shape.queryWidth()];
        nextQueries = new float[shape.queryWidth()];
        guessed = new float[shape.queryWidth()];
        guesses = new Random(seed + 1);
        drawQueries();
        memory = arena.allocate((long) shape.kvHeads() * 64 * layout.sizeBytes(), 4096);
        tables = new int[4096][shape.kvHeads()][];
        found = new byte[layout.sizeBytes()];
    }

    /** Whether a slot may hold {@code found} where the chunk was {@code original}. */
    interface Contents {
        boolean fit(int layer, int kvHead, int chunk, byte[] original, byte[] found);
    }

    /** The keys of a chunk. */
    interface KeyModel {
        float key(int layer, int kvHead, int chunk, int channel);
    }

    /** Queries, which are asked for one layer ahead. */
    interface QueryModel {
        float query(int step, int layer, int index);
    }

    /** Steps so far. */
    int steps() {
        return drawn / shape.layers();
    }

    double draw() {
        return random.nextGaussian();
    }

    private void drawQueries() {
        for (int i = 0; i < nextQueries.length; i++) {
            nextQueries[i] = query.query(drawn / shape.layers(), drawn % shape.layers(), i);
        }
        drawn++;
    }

    /** Starts a step of a layer with new random queries. */
    void project(int layer, int tokens) {
        this.layer = layer;
        blockTokens = tokens;
        calls = 0;
        for (int head = 0; head < shape.kvHeads(); head++) {
            Arrays.fill(attended[head], 0);
            Arrays.fill(masks[head], 0);
        }
        float[] old = queries;
        queries = nextQueries;
        nextQueries = old;
        drawQueries();
        state.reset(shape.heads());
    }

    /** Closes {@code count} chunks of random contents in a layer. */
    ClosedChunks close(int layer, int first, int count) {
        long stride = (long) (count + random.nextInt(2)) * layout.sizeBytes();
        for (int head = 0; head < shape.kvHeads(); head++) {
            for (int i = 0; i < count; i++) {
                byte[] bytes = new byte[layout.sizeBytes()];
                for (int at = 0; at < bytes.length; at += 2) {
                    boolean key = at < layout.keysBytes();
                    int channel = at / Short.BYTES / ChunkLayout.TOKENS;
                    short half = Float.floatToFloat16(
                            key ? keys.key(layer, head, first + i, channel) : (float) random.nextGaussian());
                    bytes[at] = (byte) half;
                    bytes[at + 1] = (byte) (half >> 8);
                }
                chunks[key(layer, head, first + i)] = bytes;
                long offset = head * stride + (long) i * layout.sizeBytes();
                MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, offset, bytes.length);
            }
        }
        return new ClosedChunks(first, count, memory, stride);
    }

    /** No new chunks. */
    ClosedChunks none(int first) {
        return new ClosedChunks(first, 0, memory, 0);
    }

    private int key(int layer, int head, int chunk) {
        return (layer * shape.kvHeads() + head) * attended[head].length + chunk;
    }

    byte[] chunk(int layer, int head, int chunk) {
        return chunks[key(layer, head, chunk)];
    }

    @Override
    public KvPool allocatePool(ChunkLayout layout, int slots) {
        throw new UnsupportedOperationException("FakeDevice lends pools");
    }

    @Override
    public void attend(int layer, int segment, KvPool pool, BlockTable table) {
        if (layer != this.layer) {
            throw new AssertionError("layer " + layer + " attended, " + this.layer + " projected");
        }
        FakeDevice.FakePool fake = (FakeDevice.FakePool) pool;
        for (int head = 0; head < shape.kvHeads(); head++) {
            int size = table.size(head);
            int[] ids = tables[calls][head];
            if (ids == null || ids.length < size) {
                ids = new int[Math.max(64, 2 * size)];
                tables[calls][head] = ids;
            }
            for (int i = 0; i < size; i++) {
                ids[i] = table.chunk(head, i);
                verify(fake, head, table.chunk(head, i), table.slot(head, i));
                attended[head][table.chunk(head, i)]++;
                masks[head][table.chunk(head, i)] = table.mask(head, i);
                digest = 31 * digest + table.mask(head, i);
            }
            digest = 31 * digest + 1000003L * size + head;
            if (compute) {
                compute(fake, head, table);
            }
        }
        calls++;
    }

    private void verify(FakeDevice.FakePool pool, int head, int chunk, int slot) {
        MemorySegment.copy(pool.memory, ValueLayout.JAVA_BYTE, pool.offset(slot), found, 0, found.length);
        digest = 31 * digest + chunk;
        digest = 31 * digest + Arrays.hashCode(found);
        byte[] original = chunk(layer, head, chunk);
        if (!Arrays.equals(found, original) && !contents.fit(layer, head, chunk, original, found)) {
            throw new AssertionError(
                    "slot " + slot + " does not hold chunk " + chunk + " of layer " + layer + ", head " + head);
        }
    }

    private void compute(FakeDevice.FakePool pool, int head, BlockTable table) {
        ChunkList list = new ChunkList();
        list.reset(pool.memory);
        for (int i = 0; i < table.size(head); i++) {
            list.add(pool.offset(table.slot(head, i)), table.chunk(head, i) * ChunkLayout.TOKENS, table.mask(head, i));
        }
        int row = head * shape.group();
        kernels.decode(
                layout, queries, row * shape.headDim(), shape.group(), Integer.MAX_VALUE, list, state, row, null);
    }

    @Override
    public float mass(int segment, int call, int kvHead, int index) {
        if (!recording || call >= calls) {
            throw new IllegalStateException("no mass of call " + call);
        }
        return mass.mass(layer, kvHead, tables[call][kvHead][index]);
    }

    /** A token weighs a random part of its chunk; everything comes before a block's first token. */
    @Override
    public Optional<TokenMeasures> tokenMeasures() {
        return Optional.of(new TokenMeasures() {
            @Override
            public void record(boolean on) {
                recordingTokens = on;
            }

            @Override
            public void masses(int segment, int call, int kvHead, int index, float[] target, int offset) {
                if (!recordingTokens) {
                    throw new IllegalStateException("no masses of tokens");
                }
                float whole = mass(segment, call, kvHead, index);
                int chunk = tables[call][kvHead][index];
                for (int t = 0; t < ChunkLayout.TOKENS; t++) {
                    boolean seen = (masks[kvHead][chunk] >> t & 1) == 1;
                    target[offset + t] = seen ? whole * ((7 * t + 5 * chunk + steps()) % 13) / 100 : 0;
                }
            }

            @Override
            public void openMasses(int segment, int kvHead, float[] target, int offset) {
                Arrays.fill(target, offset, offset + ChunkLayout.TOKENS, 0.01f);
            }

            @Override
            public void logSums(int segment, float[] target) {
                Arrays.fill(target, 0, blockTokens * shape.heads(), 20);
            }

            @Override
            public int position(int segment) {
                return ChunkLayout.TOKENS * attended[0].length;
            }

            @Override
            public ClosedChunks openChunk(int segment) {
                return none(0);
            }
        });
    }

    @Override
    public void recordMass(boolean record) {
        recording = record;
    }

    @Override
    public DecoderShape shape() {
        return shape;
    }

    @Override
    public int sequences() {
        return 1;
    }

    @Override
    public int segments() {
        return 1;
    }

    @Override
    public int firstRow(int segment) {
        return 0;
    }

    @Override
    public int rows(int segment) {
        return blockTokens;
    }

    /** One token's queries are random, those of a block all alike. */
    @Override
    public float[] queries() {
        if (blockTokens == 1) {
            return queries;
        }
        float[] rows = new float[blockTokens * queries.length];
        for (int row = 0; row < blockTokens; row++) {
            System.arraycopy(queries, 0, rows, row * queries.length, queries.length);
        }
        return rows;
    }

    @Override
    public float[] predictQueries(int layer) {
        for (int i = 0; i < guessed.length; i++) {
            guessed[i] = nextQueries[i] + guessError * (float) guesses.nextGaussian();
        }
        return guessed;
    }

    @Override
    public int maxBlockTokens() {
        return 1024;
    }

    @Override
    public void begin(Block block) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void project(int layer) {
        project(layer, blockTokens);
    }

    @Override
    public void finish(int layer) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ClosedChunks closedChunks(int segment) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void logits(int first, int count, float[] logits) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void reset() {
        Arrays.fill(chunks, new byte[0]);
    }

    @Override
    public void resume(int sequence, int position) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void reset(int sequence) {
        Arrays.fill(chunks, new byte[0]);
    }

    @Override
    public void close() {
        arena.close();
    }
}
