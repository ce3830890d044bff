package io.longinfer.kernels.device;

import io.longinfer.kernels.attention.AttentionState;
import io.longinfer.kernels.attention.ChunkLayout;
import java.util.Arrays;

/**
 * How one call of {@link PastAttention} is cut in parts and, if recorded, what each chunk weighs: relative to the maximum of
 * its part's softmax, until the final one is known. Reused from step to step. Not thread-safe, but parts are independent.
 */
final class RecordedMass {
    /** Chunks of a part: enough to be worth handing out, few enough to even out three heads over two threads. */
    static final int PART = 16;

    private static final float[] NOTHING = {};

    private final int group;

    /** {@code firstParts[head]}, and behind the last head the number of parts. */
    private final int[] firstParts;

    private final int[] sizes;

    /** {@code [parts][group][chunks of the part][places]} */
    private float[][] masses = {};

    /** Places that a chunk has in them: 1, or one for each token. */
    private int places = 1;

    /** {@code [parts][group]} */
    private float[] maxima = {};

    private boolean recorded;

    RecordedMass(int kvHeads, int group) {
        this.group = group;
        firstParts = new int[kvHeads + 1];
        sizes = new int[kvHeads];
    }

    /** Cuts a table in parts. */
    void begin(BlockTable table, boolean record, boolean byToken) {
        recorded = record;
        places = byToken ? ChunkLayout.TOKENS : 1;
        for (int head = 0; head < sizes.length; head++) {
            sizes[head] = table.size(head);
            firstParts[head + 1] = firstParts[head] + Math.ceilDiv(sizes[head], PART);
        }
        if (record && masses.length < parts()) {
            masses = Arrays.copyOf(masses, 2 * parts());
            Arrays.fill(masses, NOTHING);
            maxima = new float[masses.length * group];
        }
        for (int part = 0; record && part < parts(); part++) {
            if (masses[part].length < group * PART * places) {
                masses[part] = new float[group * PART * places];
            }
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

    /** Whether what each token weighs is recorded. */
    boolean byToken() {
        return recorded && places > 1;
    }

    /** The mass of one entry against the final softmax, averaged over the head's group, whose rows begin at {@code row}. */
    float mass(int head, int entry, AttentionState finished, int row) {
        if (!recorded) {
            throw new IllegalStateException("this call was not recorded");
        }
        float mean = 0f;
        for (int g = 0; g < group; g++) {
            float[] part = masses[part(head, entry)];
            int first = first(head, entry, g);
            float sum = part[first];
            for (int place = 1; place < places; place++) {
                sum += part[first + place];
            }
            mean += (float) (sum * share(head, entry, g, finished, row));
        }
        return mean / group;
    }

    /** The masses of one entry's tokens, likewise. */
    void tokenMasses(int head, int entry, AttentionState finished, int row, float[] target, int offset) {
        if (!byToken()) {
            throw new IllegalStateException("this call's tokens were not recorded");
        }
        Arrays.fill(target, offset, offset + places, 0f);
        for (int g = 0; g < group; g++) {
            float[] part = masses[part(head, entry)];
            int first = first(head, entry, g);
            float share = (float) (share(head, entry, g, finished, row) / group);
            for (int t = 0; t < places; t++) {
                target[offset + t] += part[first + t] * share;
            }
        }
    }

    private int part(int head, int entry) {
        return firstParts[head] + entry / PART;
    }

    private int first(int head, int entry, int g) {
        int size = Math.min(PART, sizes[head] - entry / PART * PART);
        return (g * size + entry % PART) * places;
    }

    /** What a recorded weight of one query head is to be multiplied by. */
    private double share(int head, int entry, int g, AttentionState finished, int row) {
        double relative = Math.exp(maxima[part(head, entry) * group + g] - finished.max()[row + g]);
        return relative / finished.sum()[row + g];
    }
}
