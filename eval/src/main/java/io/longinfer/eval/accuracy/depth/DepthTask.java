package io.longinfer.eval.accuracy.depth;

import io.longinfer.eval.accuracy.Metric;
import io.longinfer.eval.accuracy.Sample;
import io.longinfer.eval.accuracy.Task;
import io.longinfer.eval.accuracy.TaskException;
import java.util.function.IntPredicate;

/**
 * A task that hides one thing in a text that fills the context: the most that fits, in a unit of its own, is found with each first
 * sample by halving and is less for samples that take more. Not thread-safe.
 */
abstract class DepthTask implements Task {
    private static final int UNKNOWN = -1;

    private final String name;
    private final Metric metric;
    final DepthSetting setting;
    private int size = UNKNOWN;

    DepthTask(DepthSetting setting, String name, Metric metric) {
        this.setting = setting;
        this.name = name;
        this.metric = metric;
    }

    /**
     * Makes a sample.
     *
     * @param depth where its thing is hidden, 0 to 1
     * @param size of the text around it, at least {@link #smallest}; more takes more tokens
     */
    abstract Sample make(int index, double depth, int size);

    /** The smallest size there is. */
    int smallest() {
        return 0;
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

    @Override
    public final Sample sample(int index) {
        double depth = setting.depth(index);
        if (size == UNKNOWN) {
            size = largest(smallest(), candidate -> fits(make(index, depth, candidate)));
        }
        for (int smaller = size; smaller >= smallest(); smaller--) {
            Sample sample = make(index, depth, smaller);
            if (fits(sample)) {
                return sample;
            }
        }
        Sample least = make(index, depth, smallest());
        throw new TaskException("task " + name + " takes "
                + (setting.length().applyAsInt(least) + least.maxTokens()) + " tokens at least, " + setting.maxTokens()
                + " are there for prompt and answer");
    }

    private boolean fits(Sample sample) {
        return setting.length().applyAsInt(sample) + sample.maxTokens() <= setting.maxTokens();
    }

    /** The largest number that fits, if {@code least} does; {@code least} if not. */
    private static int largest(int least, IntPredicate fits) {
        int step = 1;
        while (fits.test(least + step)) {
            step = Math.multiplyExact(step, 2);
        }
        int best = least;
        for (int more = step; more > 0; more /= 2) {
            if (best + more < least + step && fits.test(best + more)) {
                best += more;
            }
        }
        return best;
    }
}
