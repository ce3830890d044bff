package io.longinfer.kvcache.disk;

import java.util.Arrays;

/**
 * Blocks that are read together: filled by one thread, submitted, awaited, filled again. Blocks that follow each other in
 * the file and in the batch are read in one operation.
 */
public final class ReadBatch {
    private final BlockTarget target;
    private int[] blocks = new int[64];
    private int[] tags = new int[64];
    private int size;

    // Guarded by the monitor of DiskReaders.
    private int taken;
    private int done;
    private RuntimeException failure;

    /** An empty batch whose blocks go to {@code target}. */
    public ReadBatch(BlockTarget target) {
        this.target = target;
    }

    /** Empties the batch. */
    public void clear() {
        size = 0;
        taken = 0;
        done = 0;
        failure = null;
    }

    /** Asks for a block, which will be handed over with {@code tag}. */
    public void add(int block, int tag) {
        if (size == blocks.length) {
            blocks = Arrays.copyOf(blocks, 2 * size);
            tags = Arrays.copyOf(tags, 2 * size);
        }
        blocks[size] = block;
        tags[size++] = tag;
    }

    /** Blocks asked for. */
    public int size() {
        return size;
    }

    int block(int index) {
        return blocks[index];
    }

    void deliver(int index, java.lang.foreign.MemorySegment source, long offset) {
        target.accept(tags[index], source, offset);
    }

    /** Takes the next run of at most {@code longest} neighbours; {@link #taken()} moves behind it. Returns its length. */
    int takeRun(int longest) {
        int first = taken;
        int end = first + 1;
        while (end < size && end - first < longest && blocks[end] == blocks[end - 1] + 1) {
            end++;
        }
        taken = end;
        return end - first;
    }

    int taken() {
        return taken;
    }

    boolean allTaken() {
        return taken == size;
    }

    void finish(int count, RuntimeException error) {
        done += count;
        if (error != null && failure == null) {
            failure = error;
        }
        if (failure != null) {
            done += size - taken;
            taken = size; // what is left is not worth reading
        }
    }

    boolean complete() {
        return done == size;
    }

    RuntimeException failure() {
        return failure;
    }
}
