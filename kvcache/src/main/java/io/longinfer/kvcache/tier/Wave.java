package io.longinfer.kvcache.tier;

import io.longinfer.kvcache.disk.BlockTarget;
import io.longinfer.kvcache.disk.ReadBatch;

/** Chunks that pass through the device together. Reused. Not thread-safe. */
final class Wave {
    final ReadBatch batch;
    int[] kvHeads = new int[0];
    int[] chunks = new int[0];
    int[] slots = new int[0];
    int size;
    boolean submitted;

    Wave(BlockTarget target) {
        batch = new ReadBatch(target);
    }

    /** Empties the wave and makes room for {@code capacity} chunks. */
    void clear(int capacity) {
        if (chunks.length < capacity) {
            kvHeads = new int[capacity];
            chunks = new int[capacity];
            slots = new int[capacity];
        }
        size = 0;
        batch.clear();
        submitted = false;
    }

    void add(int kvHead, int chunk, int slot) {
        kvHeads[size] = kvHead;
        chunks[size] = chunk;
        slots[size++] = slot;
    }
}
