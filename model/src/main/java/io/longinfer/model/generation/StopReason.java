package io.longinfer.model.generation;

/** Why a generation ended. */
public enum StopReason {
    /** The model ended its answer. */
    END_OF_GENERATION,
    /** As many tokens were made as asked for. */
    MAX_TOKENS,
    /** The context is full. */
    CONTEXT_FULL
}
