package io.longinfer.kvcache.selection;

/**
 * The best leaves so far, at most a given number: a heap whose top is the worst of them. Of equal scores the lower index is
 * better, so the result does not depend on the order of offers. Not thread-safe.
 */
final class BestLeaves {
    private final float[] scores;
    private final int[] leaves;
    private int limit;
    private int size;

    BestLeaves(int capacity) {
        scores = new float[capacity];
        leaves = new int[capacity];
    }

    void clear(int most) {
        limit = most;
        size = 0;
    }

    int size() {
        return size;
    }

    int missing() {
        return limit - size;
    }

    int leaf(int index) {
        return leaves[index];
    }

    /** Whether a leaf of this score could be among the best. */
    boolean admits(float score) {
        return size < limit || (limit > 0 && score >= scores[0]);
    }

    void offer(float score, int leaf) {
        if (size < limit) {
            int i = size++;
            while (i > 0) {
                int parent = (i - 1) >>> 1;
                if (!worse(score, leaf, parent)) {
                    break;
                }
                scores[i] = scores[parent];
                leaves[i] = leaves[parent];
                i = parent;
            }
            scores[i] = score;
            leaves[i] = leaf;
        } else if (limit > 0 && !worse(score, leaf, 0)) {
            sink(score, leaf);
        }
    }

    private void sink(float score, int leaf) {
        int i = 0;
        while (true) {
            int child = 2 * i + 1;
            if (child >= size) {
                break;
            }
            if (child + 1 < size && worse(scores[child + 1], leaves[child + 1], child)) {
                child++;
            }
            if (worse(score, leaf, child)) {
                break;
            }
            scores[i] = scores[child];
            leaves[i] = leaves[child];
            i = child;
        }
        scores[i] = score;
        leaves[i] = leaf;
    }

    private boolean worse(float score, int leaf, int other) {
        return score < scores[other] || (score == scores[other] && leaf > leaves[other]);
    }
}
