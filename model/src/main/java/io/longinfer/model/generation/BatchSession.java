package io.longinfer.model.generation;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.Block;
import io.longinfer.kernels.device.CpuKernels;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.Device;
import io.longinfer.kernels.device.DeviceSession;
import io.longinfer.kernels.device.WeightSource;
import io.longinfer.kernels.device.WorkerPool;
import io.longinfer.kvcache.KvCache;
import io.longinfer.kvcache.KvCaches;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.model.generation.InferenceSession.LogitsListener;
import io.longinfer.model.generation.InferenceSession.PrefillListener;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Some sequences that decode together: each reads its prompt in blocks (dense, exact), then a step takes one token of each
 * through the layers, whose weights are read once for all. What a sequence computes is the same, to the bit, as it would be
 * alone with its share of the budgets. Owns a KV cache for each and one device session. Not thread-safe; use after close
 * throws.
 */
public final class BatchSession implements AutoCloseable {
    /** Given to {@link #decode} for a sequence that takes no part in a step. */
    public static final int NO_TOKEN = -1;

    /** Tokens whose logits are computed together when every position's are asked for. */
    private static final int LOGITS_BATCH = 32;

    private static final float[] NO_QUERIES = {};

    /** Chunks of a KV head that are copied at once. */
    private static final int ADOPTED_CHUNKS = 32;

    private final DecoderShape shape;
    private final DeviceSession session;
    private final KvCaches caches;
    private final int[] contextTokens;
    private final int[] tokens;

    /** {@code [sequences][vocabulary]} */
    private final float[][] logits;

    /** {@code [sequences][vocabulary]}: those of a step, one behind the other. */
    private final float[] stepLogits;

    private final Block block = new Block();

    /** {@code [sequences][1]} */
    private final int[][] next;

    BatchSession(
            WeightSource weights,
            Device device,
            WorkerPool workers,
            CpuKernels kernels,
            KvConfig kv,
            int[] contextTokens,
            int blockTokens)
            throws IOException {
        shape = weights.shape();
        this.contextTokens = contextTokens.clone();
        int sequences = contextTokens.length;
        tokens = new int[sequences];
        next = new int[sequences][1];
        logits = new float[sequences][shape.vocabulary()];
        stepLogits = sequences == 1 ? logits[0] : new float[Math.multiplyExact(sequences, shape.vocabulary())];
        int longest = Arrays.stream(contextTokens).max().orElse(0);
        int most = Math.max(Math.min(blockTokens, Math.max(1, longest)), sequences);
        session = device.open(weights, most, sequences);
        try {
            if ((kv.selector().learnsTokens() || kv.tokenStatistics())
                    && session.tokenMeasures().isEmpty()) {
                throw new IllegalArgumentException("selector " + kv.selector()
                        + " learns what single tokens weigh, which device '"
                        + device.profile().name() + "' does not tell: --backend cpu expected");
            }
            caches = new KvCaches(shape, contextTokens, kv, session, workers, kernels);
        } catch (RuntimeException e) {
            session.close();
            throw e;
        }
    }

    /** How many sequences. */
    public int sequences() {
        return tokens.length;
    }

    /**
     * Reads tokens of one sequence on from where it stands; its {@link #logits} then belong to the last of them.
     *
     * @throws ContextOverflowException if they would not fit its context; nothing is read then
     */
    public void prefill(int sequence, int[] prompt, PrefillListener listener) throws IOException {
        checkRoom(sequence, prompt.length);
        int count;
        for (int from = 0; from < prompt.length; from += count) {
            count = read(sequence, prompt, from, prompt.length);
            listener.read(from + count, prompt.length);
            if (from + count == prompt.length) {
                session.logits(count - 1, 1, logits[sequence]);
            }
        }
    }

    /**
     * Lets an empty sequence begin with what another one has read, without reading it again.
     *
     * @param source has all its KV on the device, and is of the same model
     * @param count tokens to begin with, a multiple of 16
     * @throws IllegalStateException if the selector wants to know more of the prompt than the source was configured to keep
     */
    public void adopt(int sequence, BatchSession source, int sourceSequence, int count) throws IOException {
        checkRoom(sequence, count);
        KvCache from = source.caches.get(sourceSequence);
        KvCache to = caches.get(sequence);
        long chunkBytes = new ChunkLayout(shape.headDim()).sizeBytes();
        int chunks = count / ChunkLayout.TOKENS;
        try (Arena arena = Arena.ofShared()) { // caches have workers look at it
            MemorySegment buffer = arena.allocate(chunkBytes * shape.kvHeads() * ADOPTED_CHUNKS, 4096);
            for (int first = 0; first < chunks; first += ADOPTED_CHUNKS) {
                int some = Math.min(ADOPTED_CHUNKS, chunks - first);
                for (int layer = 0; layer < shape.layers(); layer++) {
                    to.append(layer, from.copy(layer, first, some, buffer));
                }
            }
        }
        to.adoptStatistics(from);
        session.resume(sequence, count);
        tokens[sequence] = count;
    }

    /**
     * Reads one token of each sequence; their {@link #logits} then belong to them.
     *
     * @param ids {@code [sequences]}, {@link #NO_TOKEN} for those that take no part, whose logits stay
     * @throws ContextOverflowException if a context is full; nothing is read then
     */
    public void decode(int[] ids) throws IOException {
        if (ids.length != sequences()) {
            throw new IllegalArgumentException(sequences() + " sequences take a token each, not " + ids.length);
        }
        block.clear();
        for (int sequence = 0; sequence < ids.length; sequence++) {
            if (ids[sequence] != NO_TOKEN) {
                checkRoom(sequence, 1);
                next[sequence][0] = ids[sequence];
                block.add(sequence, tokens[sequence], next[sequence], 0, 1);
            }
        }
        if (block.rows() == 0) {
            return;
        }
        caches.beginStep(block.segments());
        layers();
        caches.endStep();
        session.logits(0, block.rows(), stepLogits);
        int vocabulary = shape.vocabulary();
        for (int segment = 0; segment < block.segments() && sequences() > 1; segment++) {
            System.arraycopy(stepLogits, segment * vocabulary, logits[block.sequence(segment)], 0, vocabulary);
        }
    }

    /** Reads tokens of one sequence in blocks and hands over the logits of every position. */
    void forEachPosition(int sequence, int[] ids, int to, LogitsListener listener) throws IOException {
        checkRoom(sequence, to);
        int vocabulary = shape.vocabulary();
        float[] batch = new float[Math.multiplyExact(LOGITS_BATCH, vocabulary)];
        int count;
        for (int from = 0; from < to; from += count) {
            count = read(sequence, ids, from, to);
            for (int first = 0; first < count; first += LOGITS_BATCH) {
                int size = Math.min(LOGITS_BATCH, count - first);
                session.logits(first, size, batch);
                for (int i = 0; i < size; i++) {
                    System.arraycopy(batch, i * vocabulary, logits[sequence], 0, vocabulary);
                    listener.logits(from + first + i, logits[sequence]);
                }
            }
        }
    }

    /**
     * Takes the next block of {@code ids}, of which {@code to} end the prompt, through the layers; returns its length. The last
     * tokens come one by one if the cache wants to see what they attend.
     */
    private int read(int sequence, int[] ids, int from, int to) {
        KvCache cache = caches.get(sequence);
        int unobserved = Math.max(0, to - cache.tokensToObserve());
        boolean observe = from >= unobserved;
        int count = observe ? 1 : Math.min(session.maxBlockTokens(), unobserved - from);
        block.clear().add(sequence, tokens[sequence], ids, from, count);
        cache.observe(observe);
        layers();
        if (from + count == to) {
            cache.observe(false);
        }
        return count;
    }

    private void layers() {
        session.begin(block);
        int segments = block.segments();
        for (int layer = 0; layer < shape.layers(); layer++) {
            session.project(layer);
            for (int segment = 0; segment < segments; segment++) {
                cache(block.sequence(segment)).prepare(layer, session, segment);
            }
            if (layer + 1 < shape.layers()) {
                readAhead(layer + 1);
            }
            for (int segment = 0; segment < segments; segment++) {
                cache(block.sequence(segment)).attendPast(layer, session, segment);
            }
            session.finish(layer);
            for (int segment = 0; segment < segments; segment++) {
                cache(block.sequence(segment)).append(layer, session.closedChunks(segment));
            }
        }
        for (int segment = 0; segment < segments; segment++) {
            tokens[block.sequence(segment)] += block.rows(segment);
        }
    }

    private void readAhead(int layer) {
        boolean predict = false;
        for (int segment = 0; segment < block.segments(); segment++) {
            predict |= cache(block.sequence(segment)).needsQueriesToReadAhead(layer);
        }
        float[] queries = predict ? session.predictQueries(layer) : NO_QUERIES;
        for (int segment = 0; segment < block.segments(); segment++) {
            cache(block.sequence(segment)).readAhead(layer, queries, segment * shape.queryWidth());
        }
    }

    /**
     * Checks that a sequence can take more tokens.
     *
     * @throws ContextOverflowException if not
     */
    void checkRoom(int sequence, int more) {
        if (tokens[sequence] + more > contextTokens[sequence]) {
            throw new ContextOverflowException(tokens[sequence], more, contextTokens[sequence]);
        }
    }

    /** {@code [vocabulary]}: the logits of the token that a sequence last read; overwritten by its next. */
    public float[] logits(int sequence) {
        return logits[sequence];
    }

    /** Tokens that a sequence has read. */
    public int tokens(int sequence) {
        return tokens[sequence];
    }

    /** Most tokens that a sequence can hold. */
    public int contextTokens(int sequence) {
        return contextTokens[sequence];
    }

    /** A sequence's KV cache, for its figures. */
    public KvCache cache(int sequence) {
        return caches.get(sequence);
    }

    /** Forgets all sequences. */
    public void reset() throws IOException {
        for (int sequence = 0; sequence < sequences(); sequence++) {
            reset(sequence);
        }
    }

    /** Forgets one sequence. */
    public void reset(int sequence) throws IOException {
        session.reset(sequence);
        caches.get(sequence).reset();
        tokens[sequence] = 0;
    }

    @Override
    public void close() {
        try {
            caches.close(); // first, as its pools lie in the session's memory
        } finally {
            session.close();
        }
    }
}
