package io.longinfer.kvcache.selection;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TopKSelectorTest {
    private static int[] select(SelectionBudget budget, GroupRule rule, int group, int chunks, float... bounds) {
        TopKSelector selector = new TopKSelector(budget, rule, 1, group, chunks);
        Selection selection = new Selection(1, chunks);
        selector.select(0, 0, chunks, bounds, 0, chunks, selection);
        return IntStream.range(0, selection.size(0))
                .map(index -> selection.chunk(0, index))
                .toArray();
    }

    private static SelectionBudget budget(double ratio, int sinks, int recent) {
        return new SelectionBudget(ratio, 0, 0, sinks, recent);
    }

    @Test
    void takesTheGreatest() {
        assertArrayEquals(new int[] {1, 4}, select(budget(0.4, 0, 0), GroupRule.MEAN, 1, 5, -3, 9, -1, 0, 2));
    }

    @Test
    void sinksAndRecentComeOnTop() {
        // 2 of 8 chosen among chunks 1 to 5, however great 0, 6 and 7 are.
        assertArrayEquals(
                new int[] {0, 3, 5, 6, 7}, select(budget(0.25, 1, 17), GroupRule.MEAN, 1, 8, 9, 1, 2, 5, 3, 4, 9, 9));
    }

    @Test
    void tiesGoToTheLowerIndex() {
        assertArrayEquals(new int[] {0, 1, 3}, select(budget(0.5, 0, 0), GroupRule.MEAN, 1, 6, 1, 1, 0, 7, 1, 1));
    }

    @Test
    void aLoudHeadDoesNotDecideAlone() {
        // Head 0 has scores a thousand times head 1's, but wants chunk 0 no more than head 1 wants chunk 2.
        float[] bounds = {1000, 999.4f, 999.3f, 0, 0, 0.5f, 0, 0};
        // Normalised: head 0 about (.49 .27 .24 0), head 1 about (.21 .35 .21 .21): the mean prefers 0, then 1.
        assertArrayEquals(new int[] {0, 1}, select(budget(0.5, 0, 0), GroupRule.MEAN, 2, 4, bounds));
        float[] peaked = {0, 0, 0, 0, 0, 0, 0, 3};
        // The maximum lets head 1's peak in first; head 0 is indifferent, so the lowest index follows.
        assertArrayEquals(new int[] {0, 3}, select(budget(0.5, 0, 0), GroupRule.MAX, 2, 4, peaked));
    }

    @Test
    void notANumberCountsAsTheSmallest() {
        assertArrayEquals(
                new int[] {1, 3},
                select(budget(0.5, 0, 0), GroupRule.MEAN, 1, 4, Float.NaN, 1, Float.NEGATIVE_INFINITY, -5));
    }

    @Test
    void ratioOneAttendsEverything() {
        TopKSelector selector = new TopKSelector(budget(1, 16, 64), GroupRule.MEAN, 1, 1, 64);
        assertFalse(selector.needsScores(0));
        assertFalse(selector.chooses(0, 64));
        assertArrayEquals(
                IntStream.range(0, 7).toArray(), select(budget(1, 0, 0), GroupRule.MEAN, 1, 7, 0, 0, 0, 0, 0, 0, 0));
    }

    @Test
    void ratioZeroLeavesSinksAndRecent() {
        assertArrayEquals(new int[] {0, 4}, select(budget(0, 16, 16), GroupRule.MEAN, 1, 5, 1, 2, 3, 4, 5));
    }

    @Test
    void budgetsAreRoundedUpToChunks() {
        SelectionBudget budget = new SelectionBudget(0.1, 2, 0.5, 16, 64);
        assertEquals(3, budget.chosenChunks(2, 30)); // 0.1 * 30 is a little more than 3
        assertEquals(4, budget.chosenChunks(2, 31));
        assertEquals(16, budget.chosenChunks(1, 31));
        assertEquals(1 + 4 + 52, budget.attendedChunks(2, 512));
        assertEquals(3, budget.attendedChunks(2, 3));
        assertThrows(IllegalArgumentException.class, () -> budget(1.01, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> budget(Double.NaN, 0, 0));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 13, 1021, 4098})
    void agreesWithANaiveSort(int chunks) {
        long seed = System.nanoTime() & 0xffff;
        Random random = new Random(seed);
        for (int round = 0; round < 20; round++) {
            SelectionBudget budget = budget(random.nextDouble(), 16 * random.nextInt(3), random.nextInt(100));
            float[] bounds = new float[chunks];
            int values = 1 + random.nextInt(2 * chunks);
            for (int i = 0; i < chunks; i++) {
                bounds[i] = random.nextInt(values) - values / 2f;
            }
            assertArrayEquals(
                    naive(budget, bounds), select(budget, GroupRule.MEAN, 1, chunks, bounds.clone()), "seed " + seed);
        }
    }

    private static int[] naive(SelectionBudget budget, float[] bounds) {
        int n = bounds.length;
        List<Integer> free = new ArrayList<>();
        List<Integer> selected = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            boolean always = i < budget.sinkChunks() || i >= n - budget.recentChunks();
            (always ? selected : free).add(i);
        }
        free.sort(Comparator.<Integer>comparingDouble(i -> -bounds[i]).thenComparing(i -> i));
        selected.addAll(free.subList(0, Math.min(free.size(), budget.chosenChunks(0, n))));
        return selected.stream().mapToInt(i -> i).sorted().toArray();
    }

    @Test
    void theFastSoftmaxKeepsTheOrderOfTheExactOne() {
        long seed = System.nanoTime() & 0xffff;
        Random random = new Random(seed);
        int chunks = 500;
        float[] bounds = new float[3 * chunks];
        double[] exact = new double[chunks];
        for (int head = 0; head < 3; head++) {
            double sum = 0;
            for (int i = 0; i < chunks; i++) {
                bounds[head * chunks + i] = (float) (random.nextGaussian() * 8);
                sum += Math.exp(bounds[head * chunks + i]);
            }
            for (int i = 0; i < chunks; i++) {
                exact[i] += Math.exp(bounds[head * chunks + i]) / sum;
            }
        }
        GroupScores.combine(GroupRule.MEAN, bounds, 0, chunks, 3, chunks);
        for (int i = 0; i < chunks; i++) {
            assertTrue(Math.abs(bounds[i] - exact[i]) <= 2e-5 * exact[i] + 1e-30, "seed " + seed + ", chunk " + i);
        }
    }
}
