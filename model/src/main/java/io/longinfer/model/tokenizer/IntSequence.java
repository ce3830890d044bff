package io.longinfer.model.tokenizer;

import java.util.Arrays;

/** A growing sequence of ints. Not thread-safe. */
final class IntSequence {
    private int[] values;
    private int size;

    IntSequence(int capacity) {
        values = new int[Math.max(capacity, 8)];
    }

    void add(int value) {
        if (size == values.length) {
            values = Arrays.copyOf(values, 2 * size);
        }
        values[size++] = value;
    }

    int get(int index) {
        return values[index];
    }

    int size() {
        return size;
    }

    void clear() {
        size = 0;
    }

    int[] toArray() {
        return Arrays.copyOf(values, size);
    }
}
