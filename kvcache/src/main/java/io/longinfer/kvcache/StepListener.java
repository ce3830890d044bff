package io.longinfer.kvcache;

import io.longinfer.kvcache.selection.Selection;

/**
 * What is told of a cache's steps, for traces. Called on the thread that uses the cache, in the order of the methods here for each
 * layer; a selection may be looked at during the call only.
 */
public interface StepListener {
    /** Nobody listens. */
    StepListener NONE = new StepListener() {};

    /**
     * A layer attends these chunks.
     *
     * @param decoding whether what passes through the device may stay; not so in prompts
     */
    default void selected(int layer, Selection selection, boolean decoding) {}

    /** A layer is guessed to select these chunks, and what is missing of them is read ahead. */
    default void guessed(int layer, Selection guess, boolean decoding) {}

    /** What a chunk that a layer attended weighs, 0 to 1: of each KV head in the order of the selection, the heads mixed. */
    default void weighed(int layer, int kvHead, int chunk, float mass) {}

    /** So many chunks of each KV head of a layer are closed on top of those before. */
    default void closed(int layer, int count) {}
}
