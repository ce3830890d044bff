package io.longinfer.simulator.memory;

import java.util.Arrays;

/**
 * Who last touched each element of an array, in pages made when an element of theirs is first touched.
 *
 * <p>An access is a stamp: a phase (the stretch of a group between two barriers, counted up over all launches), whether it was
 * atomic, and the work-item's number in its group. Three stamps an element suffice because groups run one after the other: the
 * last write, the last read, and the first read of the launch. Not thread-safe.
 */
public final class AccessHistory {
    static final int ITEM_BITS = 11;
    static final int SEVERAL = (1 << ITEM_BITS) - 1;
    private static final int ITEM_MASK = SEVERAL;
    private static final long ATOMIC = 1L << ITEM_BITS;
    private static final int PHASE_SHIFT = ITEM_BITS + 1;
    private static final int PAGE_BITS = 8;
    private static final int PAGE = 1 << PAGE_BITS;
    private static final int WRITE = 0;
    private static final int READ = 1;
    private static final int FIRST_READ = 2;

    private long[][] pages = new long[0][];

    /** The phase of a stamp. */
    public static long phase(long stamp) {
        return stamp >>> PHASE_SHIFT;
    }

    /** The work-item of a stamp: its number in its group, or {@link #several}. */
    public static int item(long stamp) {
        return (int) stamp & ITEM_MASK;
    }

    /** Whether a stamp stands for several work-items. */
    public static boolean several(long stamp) {
        return item(stamp) == SEVERAL;
    }

    /** Whether the last write came in this phase or later. */
    public boolean writtenSince(int index, long phase) {
        return phase(page(index)[slot(index) + WRITE]) >= phase;
    }

    /**
     * Notes a read.
     *
     * @param since accesses in phases before this one do not matter
     * @return the stamp of a write it conflicts with, or 0
     */
    public long read(int index, Phase phase, long since, int item) {
        long[] page = page(index);
        int slot = slot(index);
        long conflict = conflict(page[slot + WRITE], phase, since, item);
        long last = page[slot + READ];
        if (phase(last) != phase.now()) {
            page[slot + READ] = stamp(phase.now(), item);
            if (phase(page[slot + FIRST_READ]) < since) {
                page[slot + FIRST_READ] = stamp(phase.now(), item);
            }
        } else if (item(last) != item) {
            page[slot + READ] = stamp(phase.now(), SEVERAL);
        }
        return conflict;
    }

    /**
     * Notes a write.
     *
     * @param since accesses in phases before this one do not matter
     * @return the stamp of an access it conflicts with, or 0
     */
    public long write(int index, Phase phase, long since, int item, boolean atomic) {
        long[] page = page(index);
        int slot = slot(index);
        long last = page[slot + WRITE];
        boolean bothAtomic = atomic && (last & ATOMIC) != 0;
        long conflict = bothAtomic ? 0 : conflict(last, phase, since, item);
        if (conflict == 0) {
            conflict = conflict(page[slot + READ], phase, since, item);
        }
        if (conflict == 0) {
            conflict = conflict(page[slot + FIRST_READ], phase, since, item);
        }
        boolean several = bothAtomic && phase(last) == phase.now() && item(last) != item;
        page[slot + WRITE] = stamp(phase.now(), several ? SEVERAL : item) | (atomic ? ATOMIC : 0);
        return conflict;
    }

    private static long conflict(long stamp, Phase phase, long since, int item) {
        long when = phase(stamp);
        if (when < since) {
            return 0;
        }
        boolean ordered = when >= phase.groupStart() && (when != phase.now() || item(stamp) == item);
        return ordered ? 0 : stamp;
    }

    private static long stamp(long phase, int item) {
        return phase << PHASE_SHIFT | item;
    }

    private static int slot(int index) {
        return 3 * (index & (PAGE - 1));
    }

    private long[] page(int index) {
        int number = index >>> PAGE_BITS;
        if (number >= pages.length) {
            pages = Arrays.copyOf(pages, Math.max(number + 1, 2 * pages.length));
        }
        if (pages[number] == null) {
            pages[number] = new long[3 * PAGE];
        }
        return pages[number];
    }

    /** Forgets everything. */
    public void clear() {
        pages = new long[0][];
    }
}
