package io.longinfer.kvcache.disk;

/**
 * Divides a buffer between pieces that are given back roughly in the order in which they were taken. Knows numbers only, not
 * the memory. Not thread-safe.
 */
final class BufferRing {
    /** No piece could be taken. */
    static final long NONE = -1;

    private final long bytes;
    private final long[] starts;
    private final long[] ends;
    private final boolean[] released;

    // Pieces taken and not yet free again are numbered first to next - 1.
    private long first;
    private long next;

    /** Divides {@code bytes} between at most {@code pieces} at a time. */
    BufferRing(long bytes, int pieces) {
        this.bytes = bytes;
        starts = new long[pieces];
        ends = new long[pieces];
        released = new boolean[pieces];
    }

    /** Takes contiguous bytes; returns the number of the piece, one more than that of the one before, or {@link #NONE}. */
    long take(long size) {
        if (next - first == starts.length) {
            return NONE;
        }
        long start = place(size);
        if (start == NONE) {
            return NONE;
        }
        int at = (int) (next % starts.length);
        starts[at] = start;
        ends[at] = start + size;
        released[at] = false;
        return next++;
    }

    private long place(long size) {
        if (next == first) {
            return size <= bytes ? 0 : NONE;
        }
        long head = starts[(int) (first % starts.length)];
        long tail = ends[(int) ((next - 1) % starts.length)];
        if (tail <= head) { // wrapped
            return size <= head - tail ? tail : NONE;
        }
        if (size <= bytes - tail) {
            return tail;
        }
        return size <= head ? 0 : NONE;
    }

    /** Where a piece starts. */
    long start(long piece) {
        return starts[(int) (piece % starts.length)];
    }

    /** Gives a piece back. */
    void release(long piece) {
        released[(int) (piece % starts.length)] = true;
        while (first < next && released[(int) (first % starts.length)]) {
            first++;
        }
    }
}
