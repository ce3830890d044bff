package io.longinfer.kvcache.selection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.abstracts.AbstractKernels;
import io.longinfer.kernels.abstracts.AbstractPrecision;
import io.longinfer.kernels.abstracts.ScalarAbstractKernels;
import io.longinfer.kvcache.abstracts.AbstractStore;
import io.longinfer.kvcache.abstracts.MemoryLeafDisk;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class TreeSelectorTest {
    private static final int[] LENGTHS = {1, 4, 13, 16, 17, 31, 130, 257, 300};

    private static Random seeded(long seed) {
        System.out.println("TreeSelectorTest: seed " + seed);
        return new Random(seed);
    }

    private static SelectionBudget budget(double ratio) {
        return new SelectionBudget(ratio, 0, 0, 16, 64);
    }

    @ParameterizedTest
    @EnumSource(TreeFixture.Keys.class)
    void bestFirstFindsWhatScoringAllFinds(TreeFixture.Keys kind) {
        Random random = seeded(kind.name().length() + 11L);
        for (AbstractPrecision precision : AbstractPrecision.values()) {
            for (int group : new int[] {1, 2, 3, 5}) {
                for (int chunks : LENGTHS) {
                    TreeFixture fixture = TreeFixture.of(kind, random, 2, group, 24, chunks);
                    AbstractKernels kernels = chunks % 2 == 0 ? new ScalarAbstractKernels() : TreeFixture.vector();
                    agree(fixture, random, chunks, precision, kernels);
                }
            }
        }
    }

    private static void agree(
            TreeFixture fixture, Random random, int chunks, AbstractPrecision precision, AbstractKernels kernels) {
        SelectionBudget budget = budget(random.nextDouble() * 0.5);
        GroupRule rule = random.nextBoolean() ? GroupRule.MEAN : GroupRule.MAX;
        AbstractStore all = fixture.store(random, chunks, fixture.allSlots(), 0, precision, kernels);
        int few = 1 + random.nextInt(fixture.allSlots());
        int passing = random.nextInt(fixture.allSlots());
        AbstractStore some = fixture.store(random, chunks, few, passing, precision, kernels);
        TreeSelector flat = fixture.selector(budget, rule, SearchMode.FLAT, all);
        TreeSelector tree = fixture.selector(budget, rule, SearchMode.TREE, all);
        TreeSelector unlearned = fixture.selector(budget, rule, SearchMode.ADAPTIVE, some);
        TreeSelector flatFromDisk = fixture.selector(budget, rule, SearchMode.FLAT, some);
        for (int round = 0; round < 4; round++) {
            float[] q = fixture.queries(random, (float) Math.pow(10, round - 2));
            String what = fixture.shape().group() + " heads, " + chunks + " chunks, " + precision + ", " + few
                    + " slots, " + passing + " passing, round " + round;
            String expected = select(fixture, flat, chunks, q);
            assertEquals(expected, select(fixture, tree, chunks, q), what);
            assertEquals(expected, select(fixture, unlearned, chunks, q), what);
            some.readAhead(0);
            assertEquals(expected, select(fixture, flatFromDisk, chunks, q), what);
        }
        // At most the two nodes of level 2 come on top.
        SearchStatistics flatly = flat.statistics(0);
        assertTrue(tree.statistics(0).scored() <= flatly.scored() + 2 * flatly.searches());
        all.close();
        some.close();
    }

    private static String select(TreeFixture fixture, TreeSelector selector, int chunks, float[] q) {
        Selection selection = fixture.selection();
        selector.select(0, chunks, q, 0, selection);
        assertEquals(selector.attendedChunks(0, chunks), selection.size(0));
        return TreeFixture.list(selection);
    }

    /** Sequences of steps give the same selections, however much memory there is, and guesses between them change nothing. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void adaptiveDoesNotDependOnMemory(int group) {
        Random random = seeded(group);
        int chunks = 300;
        TreeFixture fixture = TreeFixture.of(TreeFixture.Keys.WALK, random, 2, group, 16, chunks);
        AbstractStore all =
                fixture.store(random, 200, fixture.allSlots(), 0, AbstractPrecision.INT8, TreeFixture.vector());
        AbstractStore few = fixture.store(random, 200, 3, 5, AbstractPrecision.INT8, TreeFixture.vector());
        TreeSelector rich = fixture.selector(budget(0.1), GroupRule.MEAN, SearchMode.ADAPTIVE, all);
        TreeSelector poor = fixture.selector(budget(0.1), GroupRule.MEAN, SearchMode.ADAPTIVE, few);
        float[] masses = peaks(random, 2 * chunks);
        rich.learnPrefill(0, 200, masses, 0, chunks);
        poor.learnPrefill(0, 200, masses, 0, chunks);
        float[] q = fixture.queries(random, 1);
        Selection selection = fixture.selection();
        Selection guess = fixture.selection();
        for (int step = 200; step < 300; step++) {
            q[random.nextInt(q.length)] = (float) random.nextGaussian();
            rich.select(0, step, q, 0, selection);
            String expected = TreeFixture.list(selection);
            poor.guess(0, step, fixture.queries(random, 1), 0, guess);
            poor.select(0, step, q, 0, selection);
            assertEquals(expected, TreeFixture.list(selection), "step " + step);
            rich.guess(0, step, q, 0, guess);
            if (step % 3 > 0) {
                few.readAhead(0);
            }
            rich.learnStep(0, step, selection, masses, 0, chunks);
            poor.learnStep(0, step, selection, masses, 0, chunks);
            fixture.append(all, step, 1);
            fixture.append(few, step, 1);
        }
        SearchStatistics statistics = poor.statistics(0);
        System.out.println(statistics);
        assertTrue(statistics.readGroups() > 0);
        assertTrue(statistics.splits() > 0 && statistics.merges() > 0, statistics.toString());
        assertEquals(0, rich.statistics(0).readGroups());
        all.close();
        few.close();
    }

    private static float[] peaks(Random random, int n) {
        float[] masses = new float[n];
        for (int i = 0; i < n; i++) {
            masses[i] = i % 100 < 40 ? 0.01f * random.nextFloat() : 1e-6f;
        }
        return masses;
    }

    @Test
    void aResetSelectorStartsAnew() {
        Random random = seeded(5);
        TreeFixture fixture = TreeFixture.of(TreeFixture.Keys.WALK, random, 1, 2, 16, 100);
        AbstractStore store = fixture.store(random, 100, 2, 0, AbstractPrecision.FP16, TreeFixture.vector());
        TreeSelector selector = fixture.selector(budget(0.2), GroupRule.MEAN, SearchMode.ADAPTIVE, store);
        float[] q = fixture.queries(random, 1);
        String expected = select(fixture, selector, 100, q);
        selector.learnPrefill(0, 100, peaks(random, 100), 0, 100);
        assertTrue(selector.statistics(0).mergedNodes() > 0);
        selector.reset();
        store.reset();
        fixture.append(store, 0, 100);
        assertEquals(expected, select(fixture, selector, 100, q));
        store.close();
    }

    /** What was scored in the last step and has no slot comes in one batch before the step, and none within it. */
    @Test
    void whatPassesThroughIsReadBeforeTheStep() {
        Random random = seeded(7);
        TreeFixture fixture = TreeFixture.of(TreeFixture.Keys.WALK, random, 2, 1, 16, 200);
        int all = fixture.allSlots();
        MemoryLeafDisk disk = new MemoryLeafDisk(AbstractPrecision.INT8.groupBytes(16));
        AbstractStore store = MemoryLeafDisk.store(
                disk, fixture.shape(), 200, all - 6, 6, AbstractPrecision.INT8, TreeFixture.vector());
        fixture.append(store, 0, 200);
        TreeSelector flat = fixture.selector(budget(0.1), GroupRule.MEAN, SearchMode.FLAT, store);
        float[] q = fixture.queries(random, 1);
        select(fixture, flat, 200, q);
        for (int step = 0; step < 5; step++) {
            store.readAhead(0);
            int reads = disk.reads;
            long groups = flat.statistics(0).readGroups();
            select(fixture, flat, 200, q);
            assertEquals(reads, disk.reads, "batches within step " + step);
            assertEquals(4, flat.statistics(0).readGroups() - groups, "two heads have 24 full groups and 20 slots");
        }
        store.close();
    }
}
