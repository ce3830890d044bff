package io.longinfer.kvcache.chunk;

/**
 * Thresholds of the adaptive partition (IAKM, system.md section 4). Immutable.
 *
 * @param desertThreshold a leaf lies low if its mass is below this share of the mean, {@code desertThreshold / n}; default 0.5
 * @param desertRun fewest low leaves in a row that make a desert; default 1
 * @param mergeAfterSteps steps without a useful leaf after which a node is merged; default 32
 * @param slackDecay what the slack of a node keeps when it is measured again, 0 to below 1; default 0.5
 * @param minRatio least ratio that a layer's budget may fall to; default 0.02
 */
public record PartitionOptions(
        double desertThreshold, int desertRun, int mergeAfterSteps, double slackDecay, double minRatio) {
    public PartitionOptions {
        if (!(desertThreshold >= 0) || desertRun < 1 || mergeAfterSteps < 1) {
            throw new IllegalArgumentException("a desert has a threshold from 0, a run and steps from 1, not "
                    + desertThreshold + ", " + desertRun + " and " + mergeAfterSteps);
        }
        if (!(slackDecay >= 0 && slackDecay < 1) || !(minRatio >= 0 && minRatio <= 1)) {
            throw new IllegalArgumentException(
                    "the decay of slack lies from 0 to below 1 and the least ratio from 0 to 1," + " not at "
                            + slackDecay + " and " + minRatio);
        }
    }

    /** The documented defaults. */
    public static PartitionOptions defaults() {
        return new PartitionOptions(0.5, 1, 32, 0.5, 0.02);
    }
}
