package io.longinfer.eval.perplexity;

import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * Negative log-likelihoods of tokens, each with the number of tokens before it, and what follows from them. Not thread-safe.
 */
public final class Likelihoods {
    /** Half the width of a 95 % interval of a normal distribution, in standard deviations. */
    private static final double NORMAL_95 = 1.96;

    private double[] nll = new double[1024];
    private int[] contexts = new int[1024];
    private int count;

    /**
     * A mean of negative log-likelihoods.
     *
     * @param error half the width of its 95 % interval, {@code 1.96 s / sqrt(n)}: tokens count as independent, which
     *     neighbours are not quite
     */
    public record Mean(int count, double nll, double error) {
        /** {@code exp} of the mean. */
        public double perplexity() {
            return Math.exp(nll);
        }

        /** Where the 95 % interval of the perplexity begins. */
        public double low() {
            return Math.exp(nll - error);
        }

        /** Where it ends. */
        public double high() {
            return Math.exp(nll + error);
        }
    }

    /** Adds a token with {@code context} tokens before it in its window. */
    public void add(int context, double value) {
        if (count == nll.length) {
            nll = Arrays.copyOf(nll, 2 * count);
            contexts = Arrays.copyOf(contexts, 2 * count);
        }
        nll[count] = value;
        contexts[count++] = context;
    }

    /** Tokens scored. */
    public int count() {
        return count;
    }

    /** A copy, in the order of the text. */
    public double[] values() {
        return Arrays.copyOf(nll, count);
    }

    /** Over all tokens. */
    public Mean mean() {
        return meanWhere(context -> true);
    }

    /** Over the tokens with {@code least} to below {@code end} tokens before them. */
    public Mean meanOfContexts(int least, int end) {
        return meanWhere(context -> context >= least && context < end);
    }

    private Mean meanWhere(IntPredicate context) {
        double[] chosen = new double[count];
        int size = 0;
        for (int i = 0; i < count; i++) {
            if (context.test(contexts[i])) {
                chosen[size++] = nll[i];
            }
        }
        return mean(Arrays.copyOf(chosen, size));
    }

    /**
     * How much greater these are than others of the same tokens, token by token: what the tokens have in common falls out, and the
     * intervals are far narrower than those of either mean.
     *
     * @throws IllegalArgumentException if there are not as many
     */
    public Likelihoods differences(double[] others) {
        if (others.length != count) {
            throw new IllegalArgumentException(others.length + " likelihoods found, " + count + " expected");
        }
        Likelihoods differences = new Likelihoods();
        for (int i = 0; i < count; i++) {
            differences.add(contexts[i], nll[i] - others[i]);
        }
        return differences;
    }

    /** The mean of {@link #differences} over all tokens. */
    public Mean differenceFrom(double[] others) {
        return differences(others).mean();
    }

    private static Mean mean(double[] values) {
        double mean = Arrays.stream(values).average().orElse(Double.NaN);
        double squares = Arrays.stream(values).map(x -> (x - mean) * (x - mean)).sum();
        double deviation = Math.sqrt(squares / (values.length - 1));
        return new Mean(values.length, mean, NORMAL_95 * deviation / Math.sqrt(values.length));
    }
}
