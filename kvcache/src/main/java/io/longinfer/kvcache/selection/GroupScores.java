package io.longinfer.kvcache.selection;

/**
 * Makes one score per node of the scores of the query heads that share a KV head: {@code exp((s_h - c_h) / 2)}, combined over the
 * heads, with {@code c_h} the log-sum-exp of the head's scores of some leaves that are known before others are. That is the root of
 * what the node weighs against those leaves: the root, lest one head whose attention lies far from them decide alone. Greater
 * scores of heads never give smaller ones but for the rounding of exp, see {@link #parent}. For a single head its score is taken
 * as it is. Stateless.
 */
final class GroupScores {
    private static final float LOG2_E = 1.442695f;
    private static final float HALF_LOG2_E = LOG2_E / 2;

    /** Twice the relative error of {@link #exp2}, and some. */
    private static final float PARENT = 1 + 1e-5f;

    private static final float TINY = 0x1p-126f;

    /** Added to a small number, it leaves no bits behind the point. */
    private static final float ROUNDER = 0x1.8p23f;

    private GroupScores() {}

    /**
     * The {@code c_h} of each head.
     *
     * @param bounds {@code [heads][stride]} of the known leaves; those that are not a number become the smallest
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
                bounds[i] = exp2((bounds[i] - log) * HALF_LOG2_E);
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
        return heads == 1 ? node - leaf : 2 * (float) Math.log(Math.max(node, TINY) / Math.max(leaf, TINY));
    }

    /** A score that lies {@code gap} lower. */
    static float lower(float score, float gap, int heads) {
        return heads == 1 ? score - gap : score * (float) Math.exp(-gap / 2);
    }

    private static void clean(float[] row, int offset, int n) {
        for (int i = offset; i < offset + n; i++) {
            row[i] = row[i] >= -Float.MAX_VALUE ? Math.min(row[i], Float.MAX_VALUE) : -Float.MAX_VALUE;
        }
    }

    /**
     * 2^x, relative error under 3e-6: an order of magnitude faster than {@link Math#exp} and free of branches, so that the loop
     * around it can be vectorised. What would be less than 2^-120 or more than 2^120 becomes that.
     */
    private static float exp2(float x) {
        float y = Math.max(-120f, Math.min(x, 120f));
        float rounded = (y + ROUNDER) - ROUNDER;
        int whole = (int) rounded;
        float f = y - rounded;
        float p = 1.3333558e-3f;
        p = p * f + 9.618129e-3f;
        p = p * f + 5.550411e-2f;
        p = p * f + 2.402265e-1f;
        p = p * f + 6.931472e-1f;
        p = p * f + 1f;
        return p * Float.intBitsToFloat((whole + 127) << 23);
    }
}
