package io.longinfer.eval.accuracy.ruler;

import io.longinfer.eval.accuracy.Metric;
import io.longinfer.eval.accuracy.Sample;
import io.longinfer.eval.accuracy.Task;
import java.util.Random;

/**
 * A task whose prompts fill a context: their size, in lines, words or documents, is found once by halving, with the first sample;
 * a sample that turns out too long is made again, smaller by the increment. Not thread-safe.
 */
abstract class SizedTask implements Task {
    private final String name;
    private final int answerTokens;
    private final int increment;
    private final Metric metric;
    final RulerSetting setting;
    private int size;

    SizedTask(RulerSetting setting, String name, int answerTokens, int increment, Metric metric) {
        this.setting = setting;
        this.name = name;
        this.answerTokens = answerTokens;
        this.increment = increment;
        this.metric = metric;
    }

    /**
     * Makes a sample of a size.
     *
     * @param random as new, whatever the size
     */
    abstract Sample make(int index, int size, Random random);

    /** The smallest size there is. */
    int smallest() {
        return 1;
    }

    /** The greatest size there is. */
    int greatest() {
        return Integer.MAX_VALUE;
    }

    /** The size for which tokens of a unit are measured. */
    int measuredSize() {
        return increment;
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final int samples() {
        return setting.samples();
    }

    @Override
    public final Metric metric() {
        return metric;
    }

    /** Tokens of an answer. */
    final int answerTokens() {
        return answerTokens;
    }

    @Override
    public final Sample sample(int index) {
        if (size == 0) {
            size = findSize();
        }
        for (int smaller = size; smaller >= smallest(); smaller -= increment) {
            Sample sample = make(index, smaller);
            if (fits(sample)) {
                return sample;
            }
        }
        Sample least = make(index, smallest());
        if (fits(least)) {
            return least;
        }
        throw new RulerException("task " + name + " takes " + (setting.length().applyAsInt(least) + answerTokens)
                + " tokens at least, " + setting.maxTokens() + " are there for prompt and answer");
    }

    final Sample make(int index, int ofSize) {
        return make(index, ofSize, setting.random(name, index));
    }

    final boolean fits(Sample sample) {
        return setting.length().applyAsInt(sample) + answerTokens <= setting.maxTokens();
    }

    int findSize() {
        int measured = Math.min(measuredSize(), greatest());
        double tokensPerUnit = (double) setting.length().applyAsInt(make(0, measured)) / measured;
        long low = smallest();
        long high = Math.min(greatest(), Math.max((long) (3 * setting.maxTokens() / tokensPerUnit), 2L * increment));
        long best = low;
        while (low <= high) {
            long middle = (low + high) / 2;
            if (fits(make(0, (int) middle))) {
                best = middle;
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return (int) best;
    }
}
