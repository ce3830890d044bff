package io.longinfer.kvcache.disk;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * Records that are read together: filled by one thread, submitted to a {@link DiskStore}, awaited, filled again. Records that
 * follow each other in the file and in the batch are read in one operation, and so are those with a small gap between.
 *
 * <p>From submission until it is complete only {@link #drop}, {@link #delivered} and {@link #complete} may be called.
 */
public final class ReadBatch {
    private static final VarHandle STATES = MethodHandles.arrayElementVarHandle(byte[].class);
    private static final byte WAITING = 0;
    private static final byte STARTED = 1;
    private static final byte DELIVERED = 2;
    private static final byte DROPPED = 3;

    private final BlockTarget target;
    private int[] blocks = new int[64];
    private int[] tags = new int[64];
    private boolean[] prefixOnly = new boolean[64];
    private byte[] states = new byte[64];
    private int size;

    // Set on submission: the store, and where each entry lies in its file.
    private DiskStore store;
    private long[] starts = new long[64];
    private int[] bytes = new int[64];

    // Guarded by the monitor of the ReadQueue, but for reads of what is volatile.
    private ReadQueue queue;
    private int next;
    private int waiting;
    private volatile int remaining;
    private volatile RuntimeException failure;
    volatile Thread waiter;

    /** An empty batch whose records go to {@code target}. */
    public ReadBatch(BlockTarget target) {
        this.target = target;
    }

    /** Empties the batch. */
    public void clear() {
        if (!complete()) {
            throw new IllegalStateException(
                    "a batch cannot be cleared while " + remaining + " of its reads are under way");
        }
        size = 0;
        failure = null;
        queue = null;
    }

    /** Asks for a whole record, which will be handed over with {@code tag}. Returns the index of the entry. */
    public int add(int block, int tag) {
        return add(block, tag, false);
    }

    /** Asks for the prefix of a record, which will be handed over with {@code tag}. Returns the index of the entry. */
    public int addPrefix(int block, int tag) {
        return add(block, tag, true);
    }

    private int add(int block, int tag, boolean prefix) {
        if (size == blocks.length) {
            blocks = Arrays.copyOf(blocks, 2 * size);
            tags = Arrays.copyOf(tags, 2 * size);
            prefixOnly = Arrays.copyOf(prefixOnly, 2 * size);
            states = Arrays.copyOf(states, 2 * size);
            starts = Arrays.copyOf(starts, 2 * size);
            bytes = Arrays.copyOf(bytes, 2 * size);
        }
        blocks[size] = block;
        tags[size] = tag;
        prefixOnly[size] = prefix;
        states[size] = WAITING;
        return size++;
    }

    /** Records asked for. */
    public int size() {
        return size;
    }

    /** Whether all is delivered, dropped or failed; true before submission. */
    public boolean complete() {
        return remaining == 0;
    }

    /** Whether an entry was handed over: what its target did is visible then. */
    public boolean delivered(int index) {
        return (byte) STATES.getAcquire(states, java.util.Objects.checkIndex(index, size)) == DELIVERED;
    }

    /**
     * Gives up an entry of a submitted batch whose read has not begun. Returns whether it could be given up, and then its
     * record is never handed over; otherwise it was or will be.
     */
    public boolean drop(int index) {
        java.util.Objects.checkIndex(index, size);
        return queue != null && queue.drop(this, index);
    }

    int block(int index) {
        return blocks[index];
    }

    boolean prefixOnly(int index) {
        return prefixOnly[index];
    }

    long start(int index) {
        return starts[index];
    }

    long end(int index) {
        return starts[index] + bytes[index];
    }

    DiskStore store() {
        return store;
    }

    RuntimeException failure() {
        return failure;
    }

    /** Looks up where each entry lies. */
    void locate(DiskStore from) {
        if (queue != null) {
            throw new IllegalStateException("a batch is submitted once: clear it before it is filled again");
        }
        store = from;
        for (int i = 0; i < size; i++) {
            starts[i] = from.geometry().offset(blocks[i]);
            bytes[i] = from.bytesToRead(blocks[i], prefixOnly[i]);
            if (bytes[i] == 0) {
                throw new IllegalArgumentException(
                        from.geometry().describe(blocks[i]) + " has no prefix to be read alone");
            }
        }
    }

    void submitted(ReadQueue to) {
        queue = to;
        next = 0;
        waiting = size;
        remaining = size;
    }

    /** The first entry that waits; there is one. */
    int firstWaiting() {
        while (states[next] != WAITING) {
            next++;
        }
        return next;
    }

    boolean waits(int index) {
        return states[index] == WAITING;
    }

    boolean allStarted() {
        return waiting == 0;
    }

    /** Marks the waiting entries from {@code first} to before {@code end} as started; returns how many. */
    int start(int first, int end) {
        int count = 0;
        for (int i = first; i < end; i++) {
            if (states[i] == WAITING) {
                states[i] = STARTED;
                count++;
            }
        }
        next = end;
        waiting -= count;
        return count;
    }

    boolean started(int index) {
        return states[index] == STARTED;
    }

    /** Gives up an entry, if it waits. */
    boolean give(int index) {
        if (states[index] != WAITING) {
            return false;
        }
        states[index] = DROPPED;
        waiting--;
        finish(1);
        return true;
    }

    void fail(RuntimeException error) {
        if (failure == null) {
            failure = error;
        }
        for (int i = next; i < size; i++) {
            give(i); // what is left is not worth reading
        }
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // written under the queue's monitor only
    void finish(int count) {
        remaining -= count;
    }

    /** Hands an entry over. */
    void deliver(int index, MemorySegment source, long offset, int prefixLength, int length) {
        target.accept(tags[index], source, offset, prefixLength, prefixOnly[index] ? prefixLength : length);
        STATES.setRelease(states, index, DELIVERED);
    }
}
