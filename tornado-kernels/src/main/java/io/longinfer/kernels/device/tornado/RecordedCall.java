package io.longinfer.kernels.device.tornado;

import io.longinfer.kernels.device.BlockTable;
import java.util.Arrays;

/**
 * What the entries of one recorded call of {@code attend} weigh: for each entry and query head of its KV head the greatest score
 * and the sum of the weights relative to it, until the final softmax is known. Reused. Not thread-safe.
 */
final class RecordedCall {
    private final int group;
    private final int[] firsts;
    private float[] records = {};
    private boolean recorded;

    RecordedCall(int kvHeads, int group) {
        this.group = group;
        firsts = new int[kvHeads + 1];
    }

    void begin(BlockTable table, boolean recorded) {
        this.recorded = recorded;
        for (int head = 0; head < table.kvHeads(); head++) {
            firsts[head + 1] = firsts[head] + table.size(head);
        }
        int floats = floats(firsts[table.kvHeads()]);
        if (recorded && records.length < floats) {
            records = Arrays.copyOf(records, 2 * floats);
        }
    }

    /** Whether it is. */
    boolean recorded() {
        return recorded;
    }

    /** Floats of so many entries. */
    int floats(int entries) {
        return Math.multiplyExact(2 * group, entries);
    }

    /** Where the device's records of a head's entries go. */
    int at(int head) {
        return floats(firsts[head]);
    }

    float[] records() {
        return records;
    }

    /**
     * The mass of an entry against the final softmax, averaged over the query heads of its KV head.
     *
     * @param max greatest scores of the row's query heads, those of this KV head from {@code row}; {@code sum} likewise
     */
    float mass(int head, int index, float[] max, float[] sum, int row) {
        if (!recorded) {
            throw new IllegalStateException("this call was not recorded");
        }
        if (index < 0 || index >= firsts[head + 1] - firsts[head]) {
            throw new IndexOutOfBoundsException(
                    "entry " + index + " of " + (firsts[head + 1] - firsts[head]) + " of KV head " + head);
        }
        int at = floats(firsts[head] + index);
        float mean = 0;
        for (int g = 0; g < group; g++) {
            double relative = Math.exp(records[at + 2 * g] - max[row + g]);
            mean += (float) (records[at + 2 * g + 1] * relative / sum[row + g]);
        }
        return mean / group;
    }
}
