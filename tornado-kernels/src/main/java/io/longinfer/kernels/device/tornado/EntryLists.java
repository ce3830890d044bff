package io.longinfer.kernels.device.tornado;

import io.longinfer.kernels.device.StepLayout;
import java.util.Arrays;

/**
 * What the next attention reads: for each segment and KV head a list of chunks, that grows call by call until it is executed. Not
 * thread-safe.
 */
final class EntryLists {
    private final int kvHeads;

    /** {@code [segment * kvHeads + head]}: slot, position of its first token and mask of its tokens, of each entry. */
    private final int[][] entries;

    private final int[] sizes;
    private int total;

    EntryLists(int segments, int kvHeads) {
        this.kvHeads = kvHeads;
        entries = new int[Math.multiplyExact(segments, kvHeads)][StepLayout.ENTRY_INTS * 16];
        sizes = new int[entries.length];
    }

    void clear() {
        Arrays.fill(sizes, 0);
        total = 0;
    }

    void add(int segment, int head, int slot, int position, int mask) {
        int list = segment * kvHeads + head;
        int at = StepLayout.ENTRY_INTS * sizes[list]++;
        if (at == entries[list].length) {
            entries[list] = Arrays.copyOf(entries[list], 2 * at);
        }
        entries[list][at] = slot;
        entries[list][at + 1] = position;
        entries[list][at + 2] = mask;
        total++;
    }

    /** Entries of one list. */
    int size(int segment, int head) {
        return sizes[segment * kvHeads + head];
    }

    /** Entries of all lists. */
    int total() {
        return total;
    }

    /** Ints that a table of {@code entries} entries takes. */
    static int tableInts(int segments, int kvHeads, int entries) {
        return StepLayout.ENTRY_INTS * Math.addExact(Math.multiplyExact(segments, kvHeads), entries);
    }

    /**
     * Lays the lists out as {@link StepLayout} says.
     *
     * @return how many ints of {@code table} they take
     */
    int table(int segments, int[] table) {
        int lists = segments * kvHeads;
        int next = StepLayout.ENTRY_INTS * lists;
        for (int list = 0; list < lists; list++) {
            table[StepLayout.ENTRY_INTS * list] = next;
            table[StepLayout.ENTRY_INTS * list + 1] = sizes[list];
            table[StepLayout.ENTRY_INTS * list + 2] = 0;
            int ints = StepLayout.ENTRY_INTS * sizes[list];
            System.arraycopy(entries[list], 0, table, next, ints);
            next += ints;
        }
        return next;
    }

    /** Number of the first entry of a list among those of all. */
    int first(int segment, int head) {
        int first = 0;
        for (int list = 0; list < segment * kvHeads + head; list++) {
            first += sizes[list];
        }
        return first;
    }
}
