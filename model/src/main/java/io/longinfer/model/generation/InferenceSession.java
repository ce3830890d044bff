package io.longinfer.model.generation;

import io.longinfer.kvcache.KvCache;
import java.io.IOException;

/**
 * One sequence, a {@link BatchSession} of one: reads a prompt in blocks (dense, exact), then goes on token by token (with the
 * selector's chunks). Owns its KV cache and its device session. Not thread-safe; use after close throws.
 */
public final class InferenceSession implements AutoCloseable {
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

    private final BatchSession batch;
    private final int[] single = new int[1];

    InferenceSession(BatchSession batch) {
        this.batch = batch;
    }

    /**
     * Reads tokens on from where the sequence stands; {@link #logits} then belong to the last of them.
     *
     * @throws ContextOverflowException if they would not fit the context; nothing is read then
     */
    public void prefill(int[] prompt, PrefillListener listener) throws IOException {
        batch.prefill(0, prompt, listener);
    }

    /**
     * Reads one token; {@link #logits} then belong to it.
     *
     * @throws ContextOverflowException if the context is full
     */
    public void decode(int token) throws IOException {
        single[0] = token;
        batch.decode(single);
    }

    /**
     * Reads tokens and hands over the logits of every position: the first {@code blockwise} tokens in blocks as a prompt,
     * the others one by one as decoding does, so that the selector's choice shows in them.
     */
    public void forEachPosition(int[] ids, int blockwise, LogitsListener listener) throws IOException {
        batch.checkRoom(0, ids.length);
        batch.forEachPosition(0, ids, blockwise, listener);
        for (int i = blockwise; i < ids.length; i++) {
            decode(ids[i]);
            listener.logits(i, logits());
        }
    }

    /** {@code [vocabulary]}: the logits of the token last read; overwritten by the next. */
    public float[] logits() {
        return batch.logits(0);
    }

    /** Tokens read so far. */
    public int tokens() {
        return batch.tokens(0);
    }

    /** Most tokens the sequence can hold. */
    public int contextTokens() {
        return batch.contextTokens(0);
    }

    /** The sequence's KV cache, for its figures. */
    public KvCache cache() {
        return batch.cache(0);
    }

    /** Forgets the sequence. */
    public void reset() throws IOException {
        batch.reset();
    }

    @Override
    public void close() {
        batch.close();
    }
}
