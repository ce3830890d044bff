package io.longinfer.kvcache.tier;

import io.longinfer.kvcache.chunk.LayerChunks;

/**
 * The least important unpinned chunks of a tier, least first: one pass over the slots finds as many as a batch of newcomers
 * can need. Not thread-safe.
 */
final class VictimQueue {
    private final int[] ids;
    private final float[] importances;
    private SlotMap map;
    private int size;
    private int next;

    /** A queue for up to {@code capacity} victims. */
    VictimQueue(int capacity) {
        ids = new int[capacity];
        importances = new float[capacity];
    }

    /** Collects up to {@code count} victims. */
    void fill(SlotMap map, LayerChunks chunks, int count) {
        this.map = map;
        size = 0;
        next = 0;
        int wanted = Math.min(count, ids.length);
        for (int slot = 0; wanted > 0 && slot < map.slots(); slot++) {
            int id = map.owner(slot);
            if (id != SlotMap.NONE && !chunks.pinned(id)) {
                offer(id, chunks.importance(id), wanted);
            }
        }
        drainSorted();
    }

    /** The least important chunk that is still there, or {@link SlotMap#NONE}. */
    int peek() {
        while (next < size && !map.holds(ids[next])) {
            next++;
        }
        return next < size ? ids[next] : SlotMap.NONE;
    }

    /** Keeps the {@code wanted} smallest in a heap whose root is the greatest. */
    private void offer(int id, float importance, int wanted) {
        if (size < wanted) {
            int child = size++;
            while (child > 0 && importances[(child - 1) / 2] < importance) {
                move((child - 1) / 2, child);
                child = (child - 1) / 2;
            }
            set(child, id, importance);
        } else if (importance < importances[0]) {
            sink(id, importance, size);
        }
    }

    /** Heap sort: the greatest goes last. */
    private void drainSorted() {
        for (int end = size - 1; end > 0; end--) {
            int id = ids[end];
            float importance = importances[end];
            move(0, end);
            sink(id, importance, end);
        }
    }

    /** Puts an entry in the root's place and lets it sink among the first {@code count}. */
    private void sink(int id, float importance, int count) {
        int parent = 0;
        while (true) {
            int child = 2 * parent + 1;
            if (child >= count) {
                break;
            }
            if (child + 1 < count && importances[child + 1] > importances[child]) {
                child++;
            }
            if (importances[child] <= importance) {
                break;
            }
            move(child, parent);
            parent = child;
        }
        set(parent, id, importance);
    }

    private void move(int from, int to) {
        ids[to] = ids[from];
        importances[to] = importances[from];
    }

    private void set(int place, int id, float importance) {
        ids[place] = id;
        importances[place] = importance;
    }
}
