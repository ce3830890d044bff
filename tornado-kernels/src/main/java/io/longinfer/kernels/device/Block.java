package io.longinfer.kernels.device;

import java.util.Arrays;

/**
 * Tokens that go through the layers together: segments of one or more sequences, each the next tokens of its sequence. A
 * decoding step of a batch has one token a segment. Rows of activations are the tokens in the order of the segments, those of
 * a segment contiguous. Reused from step to step, but left as it is from {@link DeviceSession#begin} to the next one. Not
 * thread-safe.
 */
public final class Block {
    private static final int[] NO_IDS = {};

    private int[] sequences = new int[8];
    private int[] positions = new int[8];
    private int[][] ids = new int[8][];
    private int[] from = new int[8];

    /** {@code firstRows[s]} of each segment, and behind the last the number of rows. */
    private int[] firstRows = new int[9];

    private int segments;

    /** Empties the block. */
    public Block clear() {
        Arrays.fill(ids, 0, segments, NO_IDS);
        segments = 0;
        return this;
    }

    /**
     * Adds the next tokens of a sequence, {@code ids[from]} to {@code ids[from + count - 1]}, read when the block begins.
     *
     * @param sequence its index in the session; at most once a block
     * @param position position of the first of them: the number of tokens that the sequence has seen
     */
    public Block add(int sequence, int position, int[] ids, int from, int count) {
        if (segments == sequences.length) {
            grow();
        }
        sequences[segments] = sequence;
        positions[segments] = position;
        this.ids[segments] = ids;
        this.from[segments] = from;
        firstRows[segments + 1] = Math.addExact(firstRows[segments], count);
        segments++;
        return this;
    }

    private void grow() {
        int capacity = 2 * segments;
        sequences = Arrays.copyOf(sequences, capacity);
        positions = Arrays.copyOf(positions, capacity);
        ids = Arrays.copyOf(ids, capacity);
        from = Arrays.copyOf(from, capacity);
        firstRows = Arrays.copyOf(firstRows, capacity + 1);
    }

    /** Segments. */
    public int segments() {
        return segments;
    }

    /** Tokens of all segments. */
    public int rows() {
        return firstRows[segments];
    }

    /** The sequence that a segment continues. */
    public int sequence(int segment) {
        return sequences[segment];
    }

    /** Position of a segment's first token. */
    public int position(int segment) {
        return positions[segment];
    }

    /** Row of a segment's first token. */
    public int firstRow(int segment) {
        return firstRows[segment];
    }

    /** Tokens of a segment. */
    public int rows(int segment) {
        return firstRows[segment + 1] - firstRows[segment];
    }

    /** The array that holds a segment's tokens, from {@link #from}. */
    public int[] ids(int segment) {
        return ids[segment];
    }

    /** Where a segment's tokens begin in {@link #ids}. */
    public int from(int segment) {
        return from[segment];
    }
}
