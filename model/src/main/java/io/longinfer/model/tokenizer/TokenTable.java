package io.longinfer.model.tokenizer;

import java.util.Arrays;

/** Token ids by their bytes: a hash table that is asked with a stretch of a larger array. Immutable, safe for any thread. */
final class TokenTable {
    private final byte[][] keys;
    private final int[] slots;
    private final int longest;

    /**
     * A table of the tokens that have bytes.
     *
     * @param keys the bytes of each id, distinct, an empty array for a token that is not to be found
     */
    TokenTable(byte[][] keys) {
        this.keys = keys;
        slots = new int[Integer.highestOneBit(Math.max(keys.length, 4)) * 4];
        Arrays.fill(slots, PairMerger.NO_TOKEN);
        int max = 0;
        for (int id = 0; id < keys.length; id++) {
            if (keys[id].length > 0) {
                slots[freeSlot(keys[id])] = id;
                max = Math.max(max, keys[id].length);
            }
        }
        longest = max;
    }

    /** The id of the token with the bytes {@code text[from, to)}, or {@link PairMerger#NO_TOKEN}. */
    int find(byte[] text, int from, int to) {
        if (to - from > longest) {
            return PairMerger.NO_TOKEN;
        }
        for (int slot = slot(text, from, to); ; slot = (slot + 1) & (slots.length - 1)) {
            int id = slots[slot];
            if (id == PairMerger.NO_TOKEN || Arrays.equals(keys[id], 0, keys[id].length, text, from, to)) {
                return id;
            }
        }
    }

    private int freeSlot(byte[] key) {
        int slot = slot(key, 0, key.length);
        while (slots[slot] != PairMerger.NO_TOKEN) {
            slot = (slot + 1) & (slots.length - 1);
        }
        return slot;
    }

    private int slot(byte[] text, int from, int to) {
        int hash = 0;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + text[i];
        }
        hash *= 0x9E3779B9;
        return (hash ^ (hash >>> 15)) & (slots.length - 1);
    }
}
