package io.longinfer.simulator.launch;

import java.util.SplittableRandom;

/**
 * The order in which groups, and work-items of a group, take their turns: natural for seed 0, else a permutation.
 *
 * <p>The seed is the system property {@code longinfer.simulator.seed}. Immutable.
 */
record Order(long count, long step, long start) {
    static final String PROPERTY = "longinfer.simulator.seed";

    static Order of(long count) {
        long seed = Long.getLong(PROPERTY, 0);
        if (seed == 0 || count < 2) {
            return new Order(count, 1, 0);
        }
        SplittableRandom random = new SplittableRandom(seed);
        long step;
        do {
            step = random.nextLong(1, count + 1);
        } while (gcd(step, count) != 1);
        return new Order(count, step, random.nextLong(count));
    }

    /** The one whose turn is the {@code turn}th. */
    long at(long turn) {
        return (start + turn * step) % count;
    }

    private static long gcd(long a, long b) {
        return b == 0 ? a : gcd(b, a % b);
    }
}
