package io.longinfer.eval.accuracy.depth;

import io.longinfer.eval.accuracy.Sample;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.function.ToIntFunction;

/**
 * What the tasks of a grid have in common.
 *
 * @param maxTokens most tokens of a prompt, with template and answer's prefix, and its answer together
 * @param samples of each task
 * @param seed of all that is drawn
 * @param depth where the thing is hidden, 0 (begin) to 1 (end); spread evenly over the samples if empty
 * @param length tokens of a sample's prompt, with template and answer's prefix
 */
public record DepthSetting(int maxTokens, int samples, long seed, OptionalDouble depth, ToIntFunction<Sample> length) {
    public DepthSetting {
        if (samples < 1) {
            throw new IllegalArgumentException("a task has at least 1 sample, not " + samples);
        }
        if (depth.isPresent() && !(depth.getAsDouble() >= 0 && depth.getAsDouble() <= 1)) {
            throw new IllegalArgumentException("a depth lies between 0 and 1, not at " + depth.getAsDouble());
        }
    }

    /** Where the thing of a sample is hidden. */
    double depth(int index) {
        return depth.orElseGet(() -> samples == 1 ? 0.5 : (double) index / (samples - 1));
    }

    /** A sample's generator: the same whatever depth and length, so that cells of a grid differ in those alone. */
    Random random(String task, int index) {
        return new Random(seed(task, index));
    }

    /** A sample's seed, likewise. */
    long seed(String task, int index) {
        Random mixed = new Random(seed * 1_000_003 + task.hashCode());
        return mixed.nextLong() + index * 0x9e3779b97f4a7c15L;
    }
}
