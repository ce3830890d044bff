package io.longinfer.kernels.device;

import io.longinfer.kernels.attention.AttentionState;
import java.util.Arrays;

/**
 * How one call of {@link PastAttention} is cut in parts and, if recorded, what each chunk weighs: relative to the maximum of
 * its part's softmax, until the final one is known. Reused from step to step. Not thread-safe, but parts are independent.
 */
final class RecordedMass {
    /** Chunks of a part: enough to be worth handing out, few enough to even out three heads over two threads. */
    static final int PART = 16;

    private final int group;

    /** {@code firstParts[head]}, and behind the last head the number of parts. */
    private final int[] firstParts;

    private final int[] sizes;

    /** {@code [parts][group][chunks of the part]} */
    private float[][] masses = {};

    /** {@code [parts][group]} */
    private float[] maxima = {};

    private boolean recorded;

    RecordedMass(int kvHeads, int group) {
        this.group = group;
        firstParts = new int[kvHeads + 1];
        sizes = new int[kvHeads];
    }

    /** Cuts a table in parts. */
    void begin(BlockTable table, boolean record) {
        recorded = record;
        for (int head = 0; head < sizes.length; head++) {
            sizes[head] = table.size(head);
            firstParts[head + 1] = firstParts[head] + Math.ceilDiv(sizes[head], PART);
        }
        if (record && masses.length < parts()) {
            int made = masses.length;
            masses = Arrays.copyOf(masses, 2 * parts());
            for (int part = made; part < masses.length; part++) {
                masses[part] = new float[group * PART];
            }
            maxima = new float[masses.length * group];
        }
    }

    /** Parts of all heads. */
    int parts() {
        return firstParts[firstParts.length - 1];
    }

    /** First part of a head, or the number of parts behind the last head. */
    int firstPart(int head) {
        return firstParts[head];
    }

    /** The head that a part belongs to. */
    int head(int part) {
        int head = 0;
        while (part >= firstParts[head + 1]) {
            head++;
        }
        return head;
    }

    /** Where the kernel puts a part's masses, {@code null} if it need not. */
    float[] target(int part) {
        return recorded ? masses[part] : null;
    }

    /** Keeps what a part's masses are relative to. */
    void keepMaxima(int part, AttentionState partial) {
        if (recorded) {
            System.arraycopy(partial.max(), part * group, maxima, part * group, group);
        }
    }

    /** The mass of one entry against the final softmax, averaged over the head's group, whose rows begin at {@code row}. */
    float mass(int head, int entry, AttentionState finished, int row) {
        if (!recorded) {
            throw new IllegalStateException("this call was not recorded");
        }
        int part = firstParts[head] + entry / PART;
        int size = Math.min(PART, sizes[head] - entry / PART * PART);
        float mean = 0f;
        for (int g = 0; g < group; g++) {
            double relative = Math.exp(maxima[part * group + g] - finished.max()[row + g]);
            mean += (float) (masses[part][g * size + entry % PART] * relative / finished.sum()[row + g]);
        }
        return mean / group;
    }
}
