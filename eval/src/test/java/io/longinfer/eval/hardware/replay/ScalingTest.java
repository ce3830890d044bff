package io.longinfer.eval.hardware.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kvcache.KvPlan;
import io.longinfer.kvcache.abstracts.Placement;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ScalingTest {
    private static KvPlan plan(int layers, int kvHeads, int headDim, int chunks, int leafSlots) {
        DecoderShape shape =
                new DecoderShape(layers, 64, kvHeads, kvHeads, headDim, 128, 99, 1e-5f, DecoderShape.Rope.NONE, 512);
        KvPlan.LayerPlan layer = new KvPlan.LayerPlan(Placement.DISK, leafSlots);
        return new KvPlan(
                shape,
                16 * chunks,
                chunks,
                KvPlan.Mode.DISK,
                0,
                0,
                1,
                0,
                0,
                1,
                Collections.nCopies(layers, layer),
                0,
                0,
                new KvPlan.DiskPlan(512, 0, 1, 1, 1, 1),
                false,
                List.of());
    }

    /** 100 chunks of 2 heads, 5 pinned of each, 20 more selected: 4 on the device, 6 in the host, 10 on disk. */
    private static LayerLoad load() {
        return new LayerLoad(
                200,
                10,
                14,
                30 * 16,
                new Moves(2, 6, 0, 3, 512),
                new Moves(4, 2, 2, 2, 0),
                new Moves(0, 1, 0, 1, 0),
                3,
                1000,
                100,
                true);
    }

    @Test
    void theSameShapeAndContextChangeNothing() {
        KvPlan plan = plan(5, 2, 64, 100, 3);
        List<LayerLoad> step = IntStream.range(0, 5).mapToObj(layer -> load()).toList();
        assertEquals(step, new Scaling(plan, plan, 2).of(step));
    }

    @Test
    void whatIsPinnedGrowsWithHeadsAndWhatIsChosenWithTheContextToo() {
        Scaling scaling = new Scaling(plan(1, 2, 64, 100, 7), plan(1, 4, 128, 1000, 126), 0);
        LayerLoad scaled = scaling.of(List.of(load())).getFirst();
        assertEquals(4000, scaled.closed());
        assertEquals(20, scaled.pinned());
        assertEquals(20 + 4 * 20, scaled.deviceHits());
        assertEquals(20 + 20 * 20, scaled.selected());
        assertEquals(6 * 20, scaled.hostHits());
        assertEquals(420 * 16, scaled.tokens());
        assertEquals(3 * 20, scaled.demand().operations());
        assertEquals(1000 * 40, scaled.scoredBytes());
        // Half of 2 x 7 groups lay in memory, and of 4 x 63: the share that is read stays.
        assertEquals(100 * 40, scaled.abstractReadBytes(), 1e-6);
    }

    @Test
    void abstractsThatMemoryHasNoRoomForAreRead() {
        LayerLoad load = load();
        Scaling none = new Scaling(plan(1, 2, 64, 100, 7), plan(1, 2, 64, 100, 14), 0);
        assertEquals(0, none.of(List.of(load)).getFirst().abstractReadBytes());
        Scaling more = new Scaling(plan(1, 2, 64, 100, 7), plan(1, 2, 64, 100, 0), 0);
        assertEquals(200, more.of(List.of(load)).getFirst().abstractReadBytes(), 1e-9);
        Scaling all = new Scaling(plan(1, 2, 64, 100, 14), plan(1, 2, 64, 100, 0), 0);
        assertEquals(1000, all.of(List.of(load)).getFirst().abstractReadBytes());
    }

    @Test
    void everythingStaysEverything() {
        LayerLoad all =
                new LayerLoad(200, 10, 50, 3200, new Moves(50, 100, 0, 10, 0), Moves.NONE, Moves.NONE, 0, 0, 0, false);
        LayerLoad scaled = new Scaling(plan(1, 2, 64, 100, 7), plan(1, 2, 64, 300, 7), 0)
                .of(List.of(all))
                .getFirst();
        assertEquals(600, scaled.selected(), 1e-9);
        assertEquals(9600, scaled.tokens(), 1e-6);
    }

    @Test
    void layersCorrespondByDepthAndTheFirstOnesToThemselves() {
        Scaling wider = new Scaling(plan(4, 1, 8, 10, 1), plan(8, 1, 8, 10, 1), 2);
        assertEquals(
                List.of(0, 1, 2, 2, 2, 3, 3, 3),
                IntStream.range(0, 8).mapToObj(wider::source).toList());
        Scaling narrower = new Scaling(plan(8, 1, 8, 10, 1), plan(4, 1, 8, 10, 1), 2);
        assertEquals(
                List.of(0, 1, 3, 6),
                IntStream.range(0, 4).mapToObj(narrower::source).toList());
    }
}
