package io.longinfer.model.tokenizer;

import java.util.Arrays;

/**
 * Merges neighbouring symbols of a text, the best pair of all first and the leftmost of equals, until no pair is left to
 * merge: O(n log n) over a linked list, by a queue in which outdated pairs are recognised when they come up. Reused from
 * text to text. Not thread-safe.
 */
final class PairMerger {
    /** What a {@link Rule} says of two symbols that do not merge. */
    static final long NO_PAIR = -1;

    /** A symbol that is no token. */
    static final int NO_TOKEN = -1;

    /** Which pairs merge, into what, and how eagerly. */
    interface Rule {
        /**
         * Looks at two neighbouring symbols, which together are the bytes {@code [from, to)} of the text.
         *
         * @return {@link #NO_PAIR}, or a {@link #pair}
         */
        long pair(int left, int right, int from, int to);
    }

    private static final int END = -1;
    private static final int MERGED_AWAY = -2;

    private final Rule rule;
    private final LongHeap queue = new LongHeap();
    private int[] tokens = new int[64];
    private int[] starts = new int[65];
    private int[] previous = new int[64];
    private int[] next = new int[64];
    private long[] pairs = new long[64];
    private int size;

    PairMerger(Rule rule) {
        this.rule = rule;
    }

    /** A pair that merges into {@code token}; pairs of lower {@code priority} come first. */
    static long pair(int priority, int token) {
        return ((long) priority << 32) | token;
    }

    /** Forgets the last text; the next one's bytes begin at {@code from}. */
    void begin(int from) {
        size = 0;
        starts[0] = from;
    }

    /** Appends a symbol that reaches up to byte {@code end} of the text. */
    void add(int token, int end) {
        if (size == tokens.length) {
            grow();
        }
        tokens[size] = token;
        previous[size] = size - 1;
        next[size] = size + 1;
        starts[++size] = end;
    }

    /** Merges what can be merged. */
    void merge() {
        if (size == 0) {
            return;
        }
        next[size - 1] = END;
        queue.clear();
        for (int i = 0; i < size; i++) {
            propose(i);
        }
        while (!queue.isEmpty()) {
            long best = queue.pop();
            int left = (int) best;
            if (next[left] != MERGED_AWAY && pairs[left] != NO_PAIR && (pairs[left] >> 32) == (best >> 32)) {
                mergeWithNext(left);
            }
        }
    }

    /** The first symbol, or a negative number if there is none. */
    int first() {
        return size == 0 ? END : 0;
    }

    /** The symbol after {@code symbol}, or a negative number. */
    int after(int symbol) {
        return next[symbol];
    }

    /** The token of a symbol, or {@link #NO_TOKEN}. */
    int token(int symbol) {
        return tokens[symbol];
    }

    /** Where the bytes of a symbol begin. */
    int from(int symbol) {
        return starts[symbol];
    }

    /** Where the bytes of a symbol end. */
    int to(int symbol) {
        return next[symbol] == END ? starts[size] : starts[next[symbol]];
    }

    private void propose(int left) {
        int right = next[left];
        if (right == END) {
            pairs[left] = NO_PAIR;
            return;
        }
        long pair = rule.pair(tokens[left], tokens[right], from(left), to(right));
        pairs[left] = pair;
        if (pair != NO_PAIR) {
            queue.push(((pair >> 32) << 32) | left);
        }
    }

    private void mergeWithNext(int left) {
        int right = next[left];
        tokens[left] = (int) pairs[left];
        next[left] = next[right];
        if (next[right] != END) {
            previous[next[right]] = left;
        }
        next[right] = MERGED_AWAY;
        if (previous[left] != END) {
            propose(previous[left]);
        }
        propose(left);
    }

    private void grow() {
        int capacity = 2 * size;
        tokens = Arrays.copyOf(tokens, capacity);
        starts = Arrays.copyOf(starts, capacity + 1);
        previous = Arrays.copyOf(previous, capacity);
        next = Arrays.copyOf(next, capacity);
        pairs = Arrays.copyOf(pairs, capacity);
    }
}
