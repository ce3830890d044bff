package io.longinfer.eval.statistics;

import java.util.Arrays;
import org.apache.commons.math3.distribution.NormalDistribution;
import org.apache.commons.math3.stat.ranking.NaNStrategy;
import org.apache.commons.math3.stat.ranking.NaturalRanking;
import org.apache.commons.math3.stat.ranking.TiesStrategy;

/**
 * Wilcoxon's signed-rank test (Biometrics Bulletin 1, 1945) of differences: how likely ranks so uneven are if each difference could
 * as well have the other sign. Differences of 0 say nothing and are left out, equal ones share the mean of their ranks; up to 50 others
 * the distribution is exact, given the ties. (The test of commons-math3 counts zeros as negative.) Stateless.
 */
final class WilcoxonSignedRank {
    /** Up to here the counts of outcomes, at most {@code 2^50}, are exact as doubles. */
    private static final int MOST_EXACT = 50;

    private WilcoxonSignedRank() {}

    /** The two-sided p-value; 1 if all differences are 0. */
    static double pValue(double[] differences) {
        double[] others = Arrays.stream(differences).filter(x -> x != 0).toArray();
        if (others.length == 0) {
            return 1;
        }
        double[] ranks = new NaturalRanking(NaNStrategy.FAILED, TiesStrategy.AVERAGE)
                .rank(Arrays.stream(others).map(Math::abs).toArray());
        double positive = 0;
        for (int i = 0; i < others.length; i++) {
            positive += others[i] > 0 ? ranks[i] : 0;
        }
        return others.length <= MOST_EXACT ? exact(ranks, positive) : normal(ranks, positive);
    }

    /** Counts in how many of all outcomes the positive ranks have each sum; twice the ranks are whole numbers. */
    private static double exact(double[] ranks, double positive) {
        int all = (int) Math.round(2 * Arrays.stream(ranks).sum());
        double[] outcomes = new double[all + 1];
        outcomes[0] = 1;
        for (double rank : ranks) {
            int step = (int) Math.round(2 * rank);
            for (int sum = all; sum >= step; sum--) {
                outcomes[sum] += outcomes[sum - step];
            }
        }
        int observed = (int) Math.round(2 * positive);
        int smaller = Math.min(observed, all - observed); // the distribution is symmetric
        double tail = 0;
        for (int sum = 0; sum <= smaller; sum++) {
            tail += outcomes[sum];
        }
        return Math.min(1, 2 * tail / Math.pow(2, ranks.length));
    }

    /** With correction for continuity; the variance from the ranks themselves has that for ties in it. */
    private static double normal(double[] ranks, double positive) {
        double mean = Arrays.stream(ranks).sum() / 2;
        double variance = Arrays.stream(ranks).map(rank -> rank * rank).sum() / 4;
        double z = Math.max(0, Math.abs(positive - mean) - 0.5) / Math.sqrt(variance);
        return Math.min(1, 2 * new NormalDistribution().cumulativeProbability(-z));
    }
}
