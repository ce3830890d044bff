package io.longinfer.kvcache.pipeline;

/** Whether the next layer's chunks are guessed and read ahead in decoding steps. Results are the same to the bit. */
public enum ReadAheadMode {
    /** Never. */
    NEVER,
    /** In every step. */
    ALWAYS,
    /** As long as steps are measured to be shorter with it, see {@link ReadAheadGate}. */
    MEASURED
}
