package io.longinfer.kvcache.selection;

/** Finds the largest of many values without sorting them. Pure functions. */
final class LargestValues {
    private LargestValues() {}

    /**
     * The smallest of the {@code count} largest of the first {@code n} values (quickselect, the middle of three as pivot).
     *
     * @param values not changed, no NaN
     * @param count 1 to {@code n}
     * @param scratch overwritten, at least {@code n} long
     */
    static float smallestOf(float[] values, int n, int count, float[] scratch) {
        System.arraycopy(values, 0, scratch, 0, n);
        int from = 0;
        int to = n - 1;
        int place = count - 1; // in descending order
        while (from < to) {
            float pivot = median(scratch[from], scratch[(from + to) >>> 1], scratch[to]);
            int left = from;
            int right = to;
            while (left <= right) {
                while (scratch[left] > pivot) {
                    left++;
                }
                while (scratch[right] < pivot) {
                    right--;
                }
                if (left <= right) {
                    float swap = scratch[left];
                    scratch[left++] = scratch[right];
                    scratch[right--] = swap;
                }
            }
            if (place <= right) {
                to = right;
            } else if (place >= left) {
                from = left;
            } else {
                return scratch[place]; // between the two all equal the pivot
            }
        }
        return scratch[place];
    }

    private static float median(float a, float b, float c) {
        return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    }
}
