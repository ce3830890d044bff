package io.longinfer.kvcache.selection;

/** Finds the k-th largest of many floats without sorting them all (quickselect). Stateless. */
final class PartialSelection {
    private PartialSelection() {}

    /**
     * The {@code k}-th largest of the first {@code count} values, which are reordered. No value may be NaN.
     *
     * @param k from 1 to {@code count}
     */
    static float kthLargest(float[] values, int count, int k) {
        int low = 0;
        int high = count - 1;
        int target = k - 1;
        while (low < high) {
            float pivot = medianOfThree(values[low], values[(low + high) >>> 1], values[high]);
            int left = low;
            int right = high;
            // Hoare's partition: stops on equal values too, so runs of ties stay balanced.
            while (left <= right) {
                while (values[left] > pivot) {
                    left++;
                }
                while (values[right] < pivot) {
                    right--;
                }
                if (left <= right) {
                    float swapped = values[left];
                    values[left++] = values[right];
                    values[right--] = swapped;
                }
            }
            if (target <= right) {
                high = right;
            } else if (target >= left) {
                low = left;
            } else {
                return values[target];
            }
        }
        return values[target];
    }

    private static float medianOfThree(float a, float b, float c) {
        return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    }
}
