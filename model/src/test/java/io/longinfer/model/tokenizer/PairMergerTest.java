package io.longinfer.model.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PairMergerTest {
    /** Merges numbers under 16 whose sum is odd or divisible by three: random enough, with many ties. */
    private static long rule(int left, int right) {
        int sum = left + right;
        boolean merges = sum < 200 && (sum % 2 == 1 || sum % 3 == 0);
        return merges ? PairMerger.pair(sum * 7 % 5, sum) : PairMerger.NO_PAIR;
    }

    @Test
    void mergesLikeTheReference() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        PairMerger merger = new PairMerger((left, right, from, to) -> rule(left, right));
        for (int size : new int[] {0, 1, 2, 3, 4, 13, 64, 65, 257, 1021}) {
            List<Integer> symbols = new ArrayList<>();
            merger.begin(0);
            for (int i = 0; i < size; i++) {
                symbols.add(random.nextInt(16));
                merger.add(symbols.get(i), i + 1);
            }
            merger.merge();
            List<Integer> merged = new ArrayList<>();
            int reached = 0;
            for (int s = merger.first(); s >= 0; s = merger.after(s)) {
                merged.add(merger.token(s));
                assertEquals(reached, merger.from(s));
                reached = merger.to(s);
            }
            assertEquals(size, reached);
            assertEquals(reference(symbols), merged, () -> "seed " + seed + ", size " + size);
        }
    }

    /** The definition: again and again the best pair, the leftmost of equals. */
    private static List<Integer> reference(List<Integer> symbols) {
        List<Integer> merged = new ArrayList<>(symbols);
        while (true) {
            int best = -1;
            long bestPair = PairMerger.NO_PAIR;
            for (int i = 0; i + 1 < merged.size(); i++) {
                long pair = rule(merged.get(i), merged.get(i + 1));
                if (pair != PairMerger.NO_PAIR && (best < 0 || (pair >> 32) < (bestPair >> 32))) {
                    best = i;
                    bestPair = pair;
                }
            }
            if (best < 0) {
                return merged;
            }
            merged.set(best, (int) bestPair);
            merged.subList(best + 1, best + 2).clear();
        }
    }

    @Test
    void looksAtEachPairAFewTimesHoweverLongTheText() {
        int size = 1_000_000;
        long[] looks = {0};
        PairMerger merger = new PairMerger((left, right, from, to) -> {
            looks[0]++;
            return left + right < 1024 ? PairMerger.pair(left + right, left + right) : PairMerger.NO_PAIR;
        });
        merger.begin(0);
        for (int i = 0; i < size; i++) {
            merger.add(1, i + 1);
        }
        merger.merge();
        assertTrue(looks[0] <= 3L * size, () -> looks[0] + " looks at pairs of " + size + " symbols");
    }
}
