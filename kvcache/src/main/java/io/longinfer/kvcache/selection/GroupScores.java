package io.longinfer.kvcache.selection;

/**
 * Makes one score per node of the bounds of the query heads that share a KV head: {@code exp(U_h - c_h)}, combined over the heads,
 * with {@code c_h} the log-sum-exp of the head's bounds over the nodes of level 1. Nearly a softmax over all leaves, but known
 * before the leaves are, and greater bounds never give smaller scores but for the rounding of exp, see {@link #parent}. For a
 * single head the bound itself is the score. Stateless.
 */
final class GroupScores {
    private static final float LOG2_E = 1.442695f;

    /** Twice the relative error of {@link #exp2}, and some. */
    private static final float PARENT = 1 + 1e-5f;

    private static final float TINY = 0x1p-126f;

    private GroupScores() {}

    /**
     * The {@code c_h} of each head.
     *
     * @param bounds {@code [heads][stride]} of the nodes of level 1; those that are not a number become the smallest
     * @param logs receives {@code [heads]}
     */
    static void normalise(float[] bounds, int stride, int heads, int nodes, float[] logs) {
        for (int head = 0; head < heads; head++) {
            int row = head * stride;
            clean(bounds, row, nodes);
            float max = bounds[row];
            for (int i = row; i < row + nodes; i++) {
                max = Math.max(max, bounds[i]);
            }
            float sum = 0;
            for (int i = row; i < row + nodes; i++) {
                sum += exp2((bounds[i] - max) * LOG2_E);
            }
            logs[head] = max + (float) Math.log(sum);
        }
    }

    /**
     * Combines in place; the scores lie in the first head's row. Bounds that are not a number count as the smallest.
     *
     * @param bounds {@code [heads][stride]}
     * @param logs {@code [heads]}, of {@link #normalise}
     */
    static void combine(GroupRule rule, float[] bounds, int stride, int heads, int nodes, float[] logs) {
        for (int head = 0; head < heads; head++) {
            clean(bounds, head * stride, nodes);
        }
        if (heads == 1) {
            return;
        }
        for (int head = 0; head < heads; head++) {
            float log = logs[head];
            int row = head * stride;
            for (int i = row; i < row + nodes; i++) {
                bounds[i] = exp2(Math.min(bounds[i] - log, 0) * LOG2_E);
            }
        }
        for (int head = 1; head < heads; head++) {
            int row = head * stride;
            if (rule == GroupRule.MEAN) {
                for (int i = 0; i < nodes; i++) {
                    bounds[i] += bounds[row + i];
                }
            } else {
                for (int i = 0; i < nodes; i++) {
                    bounds[i] = Math.max(bounds[i], bounds[row + i]);
                }
            }
        }
    }

    /** What no leaf of a node of this score exceeds, the rounding of exp included. */
    static float parent(float score, int heads) {
        return heads == 1 ? score : score * PARENT;
    }

    /** The gap between two scores, in units of the exponent. */
    static float gap(float node, float leaf, int heads) {
        return heads == 1 ? node - leaf : (float) Math.log(Math.max(node, TINY) / Math.max(leaf, TINY));
    }

    /** A score that lies {@code gap} lower. */
    static float lower(float score, float gap, int heads) {
        return heads == 1 ? score - gap : score * (float) Math.exp(-gap);
    }

    private static void clean(float[] row, int offset, int n) {
        for (int i = offset; i < offset + n; i++) {
            row[i] = row[i] >= -Float.MAX_VALUE ? Math.min(row[i], Float.MAX_VALUE) : -Float.MAX_VALUE;
        }
    }

    /**
     * 2^x for x up to 0, relative error under 3e-6: an order of magnitude faster than {@link Math#exp} and free of branches,
     * so that the loop around it can be vectorised. Scores below 2^-126 of the best become that.
     */
    private static float exp2(float x) {
        float y = Math.max(x, -126f);
        int whole = (int) (y - 0.5f); // rounds to nearest, as y is not positive
        float f = y - whole;
        float p = 1.3333558e-3f;
        p = p * f + 9.618129e-3f;
        p = p * f + 5.550411e-2f;
        p = p * f + 2.402265e-1f;
        p = p * f + 6.931472e-1f;
        p = p * f + 1f;
        return p * Float.intBitsToFloat((whole + 127) << 23);
    }
}
