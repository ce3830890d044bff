package io.longinfer.kernels.attention;

import io.longinfer.kernels.device.StepLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class TornadoPrefillAttentionTest {
    private static final int ALL = Integer.MAX_VALUE;

    private final long seed = Long.getLong("kernels.seed", 20261125);
    private final Random random = new Random(seed);

    @ParameterizedTest
    @CsvSource({
        "8, 1, 1, 0",
        "16, 2, 2, 20",
        "24, 1, 5, 0",
        "40, 1, 8, 33",
        "64, 2, 3, 0",
        "64, 1, 16, 16",
        "80, 1, 4, 7",
        "128, 1, 7, 0",
        "256, 1, 2, 50"
    })
    void attendsAsTheFormulaSays(int headDim, int kvHeads, int group, int window) {
        PagedAttentionFixture fixture = fixture(headDim, kvHeads, group, window == 0 ? ALL : window);
        PagedAttentionRun run = new PagedAttentionRun(fixture, 1);
        run.prefill(fixture.table, fixture.tiles, true);
        run.check("seed " + seed);
    }

    private PagedAttentionFixture fixture(int headDim, int kvHeads, int group, int window) {
        int[] rows = {1, 25, 14};
        int[] context = {40 + random.nextInt(32), 13, 0};
        return new PagedAttentionFixture(random, headDim, kvHeads, group, rows, context, window);
    }

    @Test
    void continuesARunningState() {
        PagedAttentionFixture fixture = fixture(64, 1, 3, ALL);
        PagedAttentionRun run = new PagedAttentionRun(fixture, 1);
        run.prefill(fixture.table(0, 2), fixture.tiles, true);
        run.prefill(fixture.table(1, 2), fixture.tiles, false);
        run.check("seed " + seed);
    }

    @Test
    void aRowIsTheSameInEveryTile() {
        PagedAttentionFixture fixture = fixture(64, 1, 3, 40);
        PagedAttentionRun run = new PagedAttentionRun(fixture, 1);
        run.prefill(fixture.table, fixture.tiles, true);
        PagedAttentionRun single = new PagedAttentionRun(fixture, 1);
        IntArray tiles = new IntArray(fixture.rows * StepLayout.TILE_INTS);
        for (int row = 0; row < fixture.rows; row++) {
            tiles.set(row * StepLayout.TILE_INTS, row);
            tiles.set(row * StepLayout.TILE_INTS + 1, 1);
            tiles.set(row * StepLayout.TILE_INTS + 2, fixture.segments[row]);
        }
        fixture.step.set(StepLayout.TILES, fixture.rows);
        single.prefill(fixture.table, tiles, true);
        for (int row = 0; row < fixture.rows; row++) {
            run.assertSameRow(row, single, row, "row " + row + ", seed " + seed);
        }
    }
}
