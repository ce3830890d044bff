package io.longinfer.eval.accuracy.ruler;

import io.longinfer.eval.accuracy.Sample;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.ToIntFunction;

/**
 * What the tasks of a run have in common.
 *
 * @param maxTokens most tokens of a prompt, with template and answer's prefix, and its answer together
 * @param samples of each task
 * @param seed of all that is drawn
 * @param length tokens of a sample's prompt, with template and answer's prefix
 * @param essay words of the text that needles are hidden in; empty for journal text
 * @param words that are counted; empty for our own
 */
public record RulerSetting(
        int maxTokens,
        int samples,
        long seed,
        ToIntFunction<Sample> length,
        Optional<List<String>> essay,
        Optional<List<String>> words) {
    /** From here on lists of words are drawn longer, as published. */
    static final int LONG = 4096;

    public RulerSetting {
        if (samples < 1) {
            throw new IllegalArgumentException("a task has at least 1 sample, not " + samples);
        }
        if (essay.isPresent() && essay.get().isEmpty()) {
            throw new RulerException("the essay has no words");
        }
        if (words.isPresent() && words.get().size() < 100) {
            throw new RulerException("a list of words has at least 100 of them, not "
                    + words.get().size());
        }
        essay = essay.map(List::copyOf);
        words = words.map(List::copyOf);
    }

    /** Whether the context is long enough for lists as long as published for 4,096 tokens and more. */
    boolean isLong() {
        return maxTokens >= LONG;
    }

    /** The generator of a sample: the same for the same seed, task and index, on every machine. */
    Random random(String task, int index) {
        Random mixed = new Random(seed * 1_000_003 + task.hashCode());
        return new Random(mixed.nextLong() + index * 0x9e3779b97f4a7c15L);
    }
}
