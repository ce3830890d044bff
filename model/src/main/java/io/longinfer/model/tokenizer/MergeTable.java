package io.longinfer.model.tokenizer;

import java.util.Arrays;

/** The merges of a byte-level vocabulary: pairs of token ids, their ranks and what they become. A {@link PairMerger.Rule}. */
final class MergeTable implements PairMerger.Rule {
    private static final long FREE = -1;

    private final long[] keys;
    private final long[] pairs;

    MergeTable(int merges) {
        int capacity = Integer.highestOneBit(Math.max(merges, 4)) * 4;
        keys = new long[capacity];
        pairs = new long[capacity];
        Arrays.fill(keys, FREE);
    }

    /** Adds a merge; of two with the same parts the first counts. */
    void add(int left, int right, int rank, int merged) {
        int slot = slot(left, right);
        if (keys[slot] == FREE) {
            keys[slot] = key(left, right);
            pairs[slot] = PairMerger.pair(rank, merged);
        }
    }

    @Override
    public long pair(int left, int right, int from, int to) {
        if ((left | right) < 0) {
            return PairMerger.NO_PAIR;
        }
        int slot = slot(left, right);
        return keys[slot] == FREE ? PairMerger.NO_PAIR : pairs[slot];
    }

    private int slot(int left, int right) {
        long key = key(left, right);
        long hash = key * 0x9E3779B97F4A7C15L;
        int slot = (int) (hash >>> 32) & (keys.length - 1);
        while (keys[slot] != FREE && keys[slot] != key) {
            slot = (slot + 1) & (keys.length - 1);
        }
        return slot;
    }

    private static long key(int left, int right) {
        return ((long) left << 32) | right;
    }
}
