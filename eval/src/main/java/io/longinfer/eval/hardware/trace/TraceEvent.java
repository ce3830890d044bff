package io.longinfer.eval.hardware.trace;

import java.util.List;

/** What happened to the cache of one sequence, in order. */
@SuppressWarnings("ArrayRecordComponent") // a recording, compared by its fields in tests only
public sealed interface TraceEvent {
    /**
     * A layer attends chunks.
     *
     * @param decoding in a decoding step; else in a prompt's last tokens, which attend everything and teach what matters
     * @param tokens tokens attended of these chunks, all heads
     * @param chunks {@code [kvHeads][]}, ascending
     */
    record Selected(int layer, boolean decoding, long tokens, int[][] chunks) implements TraceEvent {}

    /**
     * A layer is guessed to select chunks, which are read ahead.
     *
     * @param chunks {@code [kvHeads][]}, ascending
     */
    record Guessed(int layer, int[][] chunks) implements TraceEvent {}

    /**
     * What the chunks weighed that a layer attended.
     *
     * @param permille {@code [kvHeads][]}, as in the {@link Selected} before: thousandths of an average chunk's mass, at most 1000
     */
    record Weighed(int layer, int[][] permille) implements TraceEvent {}

    /** So many chunks of each KV head of a layer are closed on top of those before. */
    record Closed(int layer, int count) implements TraceEvent {}

    /**
     * A decoding step has ended.
     *
     * @param nanos what it took
     * @param layers what each layer's search of abstracts did
     * @param counters what the real cache counted in it
     */
    record StepEnd(long nanos, List<Search> layers, Counters counters) implements TraceEvent {
        public StepEnd {
            layers = List.copyOf(layers);
        }
    }

    /**
     * The search of one layer in one step.
     *
     * @param scored nodes scored
     * @param leaves leaves there were
     * @param scoredBytes bytes of the abstracts of the leaves scored
     * @param readBytes bytes of abstracts read from disk
     * @param ratio share of the chunks to choose
     */
    record Search(long scored, long leaves, long scoredBytes, long readBytes, double ratio) {}

    /** What the real cache counted in one step. */
    record Counters(
            long deviceHits,
            long deviceMisses,
            long hostHits,
            long hostMisses,
            long diskBytes,
            long diskOperations,
            long linkBytes,
            long aheadUsed,
            long aheadWasted,
            long missed,
            long stallNanos) {
        /** Nothing. */
        public static final Counters NONE = new Counters(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

        /** These and others together. */
        public Counters plus(Counters other) {
            return new Counters(
                    deviceHits + other.deviceHits,
                    deviceMisses + other.deviceMisses,
                    hostHits + other.hostHits,
                    hostMisses + other.hostMisses,
                    diskBytes + other.diskBytes,
                    diskOperations + other.diskOperations,
                    linkBytes + other.linkBytes,
                    aheadUsed + other.aheadUsed,
                    aheadWasted + other.aheadWasted,
                    missed + other.missed,
                    stallNanos + other.stallNanos);
        }

        /** What was counted since {@code earlier}. */
        public Counters minus(Counters earlier) {
            return new Counters(
                    deviceHits - earlier.deviceHits,
                    deviceMisses - earlier.deviceMisses,
                    hostHits - earlier.hostHits,
                    hostMisses - earlier.hostMisses,
                    diskBytes - earlier.diskBytes,
                    diskOperations - earlier.diskOperations,
                    linkBytes - earlier.linkBytes,
                    aheadUsed - earlier.aheadUsed,
                    aheadWasted - earlier.aheadWasted,
                    missed - earlier.missed,
                    stallNanos - earlier.stallNanos);
        }
    }
}
