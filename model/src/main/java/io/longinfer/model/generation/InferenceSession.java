package io.longinfer.model.generation;

import io.longinfer.kernels.abstracts.AbstractKernels;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.DecoderWeights;
import io.longinfer.kernels.device.Device;
import io.longinfer.kernels.device.DeviceSession;
import io.longinfer.kernels.device.WorkerPool;
import io.longinfer.kvcache.KvCache;
import io.longinfer.kvcache.KvConfig;
import java.io.IOException;

/**
 * One sequence: reads a prompt in blocks (dense, exact), then goes on token by token (with the selector's chunks). Owns its
 * KV cache and its device session. Not thread-safe; use after close throws.
 */
public final class InferenceSession implements AutoCloseable {
    /** Tokens whose logits are computed together when every position's are asked for. */
    private static final int LOGITS_BATCH = 32;

    /** Learns how far a prompt is read. */
    @FunctionalInterface
    public interface PrefillListener {
        /** {@code done} of {@code total} tokens are read. */
        void read(int done, int total);
    }

    /** Takes the logits of one position. */
    @FunctionalInterface
    public interface LogitsListener {
        /**
         * Takes the logits that follow token {@code index}.
         *
         * @param logits {@code [vocabulary]}, valid during the call
         */
        void logits(int index, float[] logits) throws IOException;
    }

    private final DecoderShape shape;
    private final DeviceSession session;
    private final KvCache cache;
    private final int contextTokens;
    private final float[] logits;
    private final int[] single = new int[1];
    private int tokens;

    InferenceSession(
            DecoderWeights weights,
            Device device,
            WorkerPool workers,
            AbstractKernels abstracts,
            KvConfig kv,
            int contextTokens,
            int blockTokens)
            throws IOException {
        shape = weights.shape();
        this.contextTokens = contextTokens;
        logits = new float[shape.vocabulary()];
        session = device.open(weights, Math.min(blockTokens, Math.max(1, contextTokens)));
        try {
            cache = new KvCache(shape, contextTokens, kv, device, workers, abstracts);
        } catch (RuntimeException e) {
            session.close();
            throw e;
        }
    }

    /**
     * Reads tokens on from where the sequence stands; {@link #logits} then belong to the last of them.
     *
     * @throws ContextOverflowException if they would not fit the context; nothing is read then
     */
    public void prefill(int[] prompt, PrefillListener listener) throws IOException {
        checkRoom(prompt.length);
        for (int from = 0; from < prompt.length; from += session.maxBlockTokens()) {
            int count = Math.min(session.maxBlockTokens(), prompt.length - from);
            block(prompt, from, count);
            listener.read(from + count, prompt.length);
        }
        session.logits(session.blockTokens() - 1, 1, logits);
    }

    /**
     * Reads one token; {@link #logits} then belong to it.
     *
     * @throws ContextOverflowException if the context is full
     */
    public void decode(int token) throws IOException {
        checkRoom(1);
        single[0] = token;
        block(single, 0, 1);
        session.logits(0, 1, logits);
    }

    /**
     * Reads tokens and hands over the logits of every position: the first {@code blockwise} tokens in blocks as a prompt,
     * the others one by one as decoding does, so that the selector's choice shows in them.
     */
    public void forEachPosition(int[] ids, int blockwise, LogitsListener listener) throws IOException {
        checkRoom(ids.length);
        float[] batch = new float[Math.multiplyExact(LOGITS_BATCH, shape.vocabulary())];
        for (int from = 0; from < blockwise; from += session.maxBlockTokens()) {
            int count = Math.min(session.maxBlockTokens(), blockwise - from);
            block(ids, from, count);
            for (int first = 0; first < count; first += LOGITS_BATCH) {
                int size = Math.min(LOGITS_BATCH, count - first);
                session.logits(first, size, batch);
                for (int i = 0; i < size; i++) {
                    System.arraycopy(batch, i * shape.vocabulary(), logits, 0, shape.vocabulary());
                    listener.logits(from + first + i, logits);
                }
            }
        }
        for (int i = blockwise; i < ids.length; i++) {
            decode(ids[i]);
            listener.logits(i, logits);
        }
    }

    private void block(int[] ids, int from, int count) throws IOException {
        session.begin(ids, from, count, tokens);
        for (int layer = 0; layer < shape.layers(); layer++) {
            session.project(layer);
            cache.attendPast(layer, session);
            session.finish(layer);
            cache.append(layer, session.closedChunks());
        }
        tokens += count;
    }

    private void checkRoom(int more) {
        if (tokens + more > contextTokens) {
            throw new ContextOverflowException(tokens, more, contextTokens);
        }
    }

    /** {@code [vocabulary]}: the logits of the token last read; overwritten by the next. */
    public float[] logits() {
        return logits;
    }

    /** Tokens read so far. */
    public int tokens() {
        return tokens;
    }

    /** Most tokens the sequence can hold. */
    public int contextTokens() {
        return contextTokens;
    }

    /** The sequence's KV cache, for its figures. */
    public KvCache cache() {
        return cache;
    }

    /** Forgets the sequence. */
    public void reset() throws IOException {
        session.reset();
        cache.reset();
        tokens = 0;
    }

    @Override
    public void close() {
        session.close();
        cache.close();
    }
}
