package io.longinfer.model.generation;

/**
 * What a generation made, and how long it took.
 *
 * @param tokens the tokens made, without the one that ended it
 * @param promptTokens tokens of the prompt
 * @param timeToFirstTokenNanos from the start of prefill to the first token drawn
 * @param tokenNanos for each decoding step its time, from one token drawn to the next
 */
@SuppressWarnings("ArrayRecordComponent") // a result, read and never compared
public record GenerationResult(
        int[] tokens, int promptTokens, long timeToFirstTokenNanos, long[] tokenNanos, StopReason stopReason) {}
