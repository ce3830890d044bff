package io.longinfer.kvcache.tier;

import java.util.Arrays;

/**
 * The kept chunks of a tier that may be dropped, the least important on top; among equals the one that came first. Keys are
 * lower bounds: importance only grows between two looks, so only the top is brought up to date, and an attended chunk costs
 * nothing here. Not thread-safe.
 */
final class VictimHeap {
    private final SlotMap map;
    private final ChunkTable chunks;
    private final int[] heap;
    private final int[] place;
    private final float[] keys;
    private final long[] arrivals;
    private long arrived;
    private int size;

    VictimHeap(SlotMap map, ChunkTable chunks) {
        this.map = map;
        this.chunks = chunks;
        heap = new int[map.slots()];
        place = new int[map.slots()];
        keys = new float[map.slots()];
        arrivals = new long[map.slots()];
        clear();
    }

    /** Makes the chunk kept in {@code slot} one that may be dropped, as important as {@code key} at least. */
    void add(int slot, float key) {
        keys[slot] = key;
        arrivals[slot] = arrived++;
        heap[size] = slot;
        place[slot] = size;
        rise(size++);
    }

    /** Whether the chunk in {@code slot} may be dropped. */
    boolean contains(int slot) {
        return place[slot] != SlotMap.NONE;
    }

    /** Takes a slot out. */
    void remove(int slot) {
        int at = place[slot];
        if (at == SlotMap.NONE) {
            return;
        }
        place[slot] = SlotMap.NONE;
        int last = heap[--size];
        if (at < size) {
            heap[at] = last;
            place[last] = at;
            rise(at);
            sink(place[last]);
        }
    }

    /** The slot of the least important chunk, or {@link SlotMap#NONE}. */
    int least() {
        while (size > 0) {
            int slot = heap[0];
            float now = chunks.importance(map.owner(slot));
            if (now <= keys[slot]) {
                return slot;
            }
            keys[slot] = now;
            sink(0);
        }
        return SlotMap.NONE;
    }

    /** After all importances were multiplied by {@code factor}. */
    void scale(float factor) {
        for (int i = 0; i < size; i++) {
            keys[heap[i]] *= factor;
        }
    }

    /** Forgets all. */
    void clear() {
        Arrays.fill(place, SlotMap.NONE);
        size = 0;
        arrived = 0;
    }

    private boolean before(int a, int b) {
        return keys[a] < keys[b] || (keys[a] == keys[b] && arrivals[a] < arrivals[b]);
    }

    private void rise(int from) {
        int at = from;
        int slot = heap[at];
        while (at > 0 && before(slot, heap[(at - 1) / 2])) {
            set(at, heap[(at - 1) / 2]);
            at = (at - 1) / 2;
        }
        set(at, slot);
    }

    private void sink(int from) {
        int at = from;
        int slot = heap[at];
        while (2 * at + 1 < size) {
            int child = 2 * at + 1;
            if (child + 1 < size && before(heap[child + 1], heap[child])) {
                child++;
            }
            if (!before(heap[child], slot)) {
                break;
            }
            set(at, heap[child]);
            at = child;
        }
        set(at, slot);
    }

    private void set(int at, int slot) {
        heap[at] = slot;
        place[slot] = at;
    }
}
