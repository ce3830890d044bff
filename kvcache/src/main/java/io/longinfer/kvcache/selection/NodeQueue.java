package io.longinfer.kvcache.selection;

/** A binary heap of nodes, greatest score first. Not thread-safe; does not grow. */
final class NodeQueue {
    private final float[] scores;
    private final int[] nodes;
    private int size;

    NodeQueue(int capacity) {
        scores = new float[capacity];
        nodes = new int[capacity];
    }

    void clear() {
        size = 0;
    }

    boolean isEmpty() {
        return size == 0;
    }

    float topScore() {
        return scores[0];
    }

    /** Adds a node; of equal scores the lower node comes first. */
    void add(float score, int node) {
        int i = size++;
        while (i > 0) {
            int parent = (i - 1) >>> 1;
            if (!before(score, node, parent)) {
                break;
            }
            scores[i] = scores[parent];
            nodes[i] = nodes[parent];
            i = parent;
        }
        scores[i] = score;
        nodes[i] = node;
    }

    /** Removes the top and returns its node. */
    int remove() {
        int top = nodes[0];
        size--;
        float score = scores[size];
        int node = nodes[size];
        int i = 0;
        while (true) {
            int child = 2 * i + 1;
            if (child >= size) {
                break;
            }
            if (child + 1 < size && before(scores[child + 1], nodes[child + 1], child)) {
                child++;
            }
            if (before(score, node, child)) {
                break;
            }
            scores[i] = scores[child];
            nodes[i] = nodes[child];
            i = child;
        }
        if (size > 0) {
            scores[i] = score;
            nodes[i] = node;
        }
        return top;
    }

    private boolean before(float score, int node, int other) {
        return score > scores[other] || (score == scores[other] && node < nodes[other]);
    }
}
