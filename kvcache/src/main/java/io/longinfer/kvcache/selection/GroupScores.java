package io.longinfer.kvcache.selection;

/** Makes one score per chunk of the bounds of the query heads that share a KV head. Stateless. */
final class GroupScores {
    private static final float LOG2_E = 1.442695f;

    private GroupScores() {}

    /**
     * Combines in place; the result lies in the first head's row. Bounds that are not a number count as the smallest.
     *
     * @param bounds {@code [heads][stride]} from {@code offset}
     */
    static void combine(GroupRule rule, float[] bounds, int offset, int stride, int heads, int chunks) {
        for (int head = 0; head < heads; head++) {
            clean(bounds, offset + head * stride, chunks);
        }
        if (heads == 1) {
            return; // a softmax keeps the order, and only the order matters
        }
        for (int head = 0; head < heads; head++) {
            softmax(bounds, offset + head * stride, chunks);
        }
        for (int head = 1; head < heads; head++) {
            int row = offset + head * stride;
            if (rule == GroupRule.MEAN) {
                for (int i = 0; i < chunks; i++) {
                    bounds[offset + i] += bounds[row + i];
                }
            } else {
                for (int i = 0; i < chunks; i++) {
                    bounds[offset + i] = Math.max(bounds[offset + i], bounds[row + i]);
                }
            }
        }
    }

    private static void clean(float[] row, int offset, int n) {
        for (int i = offset; i < offset + n; i++) {
            row[i] = row[i] >= -Float.MAX_VALUE ? Math.min(row[i], Float.MAX_VALUE) : -Float.MAX_VALUE;
        }
    }

    private static void softmax(float[] row, int offset, int n) {
        float max = row[offset];
        for (int i = offset; i < offset + n; i++) {
            max = Math.max(max, row[i]);
        }
        for (int i = offset; i < offset + n; i++) {
            row[i] = exp2((row[i] - max) * LOG2_E);
        }
        float sum = 0;
        for (int i = offset; i < offset + n; i++) {
            sum += row[i];
        }
        float scale = 1 / sum;
        for (int i = offset; i < offset + n; i++) {
            row[i] *= scale;
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
