package io.longinfer.model.generation;

import io.longinfer.kernels.abstracts.AbstractKernels;
import io.longinfer.kernels.device.Block;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.DecoderWeights;
import io.longinfer.kernels.device.Device;
import io.longinfer.kernels.device.DeviceSession;
import io.longinfer.kernels.device.WorkerPool;
import io.longinfer.kvcache.KvCache;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.model.generation.InferenceSession.LogitsListener;
import io.longinfer.model.generation.InferenceSession.PrefillListener;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

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

    private final DecoderShape shape;
    private final DeviceSession session;
    private final List<KvCache> caches = new ArrayList<>();
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
            DecoderWeights weights,
            Device device,
            WorkerPool workers,
            AbstractKernels abstracts,
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
            List<KvConfig> shares = BudgetShares.of(kv, contextTokens);
            for (int sequence = 0; sequence < sequences; sequence++) {
                caches.add(
                        new KvCache(shape, contextTokens[sequence], shares.get(sequence), device, workers, abstracts));
            }
        } catch (RuntimeException e) {
            close();
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
        layers();
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

    /** Takes the next block of {@code ids} through the layers; returns its length. */
    private int read(int sequence, int[] ids, int from, int to) {
        int count = Math.min(session.maxBlockTokens(), to - from);
        block.clear().add(sequence, tokens[sequence], ids, from, count);
        layers();
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
        session.close();
        caches.forEach(KvCache::close);
    }
}
