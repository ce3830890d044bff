package io.longinfer.eval.hardware.timing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.eval.hardware.machine.Machine;
import io.longinfer.eval.hardware.replay.LayerLoad;
import io.longinfer.eval.hardware.replay.Moves;
import io.longinfer.eval.hardware.replay.RecordGeometry;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kvcache.KvPlan;
import io.longinfer.kvcache.KvPlan.DiskPlan;
import io.longinfer.kvcache.KvPlan.LayerPlan;
import io.longinfer.kvcache.abstracts.Placement;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Steps of a machine with round figures: a byte of weights, of KV and of the disk takes so many nanoseconds. */
class StepModelTest {
    /** Weights of a layer: 64 (64 + 128) before attention, 64 * 64 + 3 * 64 * 128 behind; 64 * 100 of the output; 2 bytes each. */
    private static final DecoderShape SHAPE =
            new DecoderShape(2, 64, 4, 4, 16, 128, 100, 1e-5f, DecoderShape.Rope.NONE, 512);

    private static final double PROJECT = 64 * 192 * 2;
    private static final double FINISH = (64 * 64 + 3 * 64 * 128) * 2;
    private static final double OUTPUT = 64 * 100 * 2;

    /** A chunk of 16 tokens of 16 channels, keys and values in fp16. */
    private static final int CHUNK = 16 * 16 * 2 * 2;

    private static final RecordGeometry RECORDS = new RecordGeometry(CHUNK, CHUNK, CHUNK, 512, 512, 4096);

    private static Machine machine(double diskNanosPerByte) {
        return new Machine(
                "round",
                new Machine.Device(1e9, 1e9, 1e18, 1e9, 1e9, 1e9, 7, 11, false),
                new Machine.Link(Double.POSITIVE_INFINITY, 0),
                new Machine.Host(1e9, 1e9, Map.of(Machine.Host.ANY, 5e8)),
                new Machine.Disk(1e9 / diskNanosPerByte, 1e9, 0, 8, 512));
    }

    private static Workload work(int unitChunks) {
        return work(unitChunks, 0);
    }

    private static Workload work(int unitChunks, int passingLeaves) {
        LayerPlan inHost = new LayerPlan(Placement.HOST, 0);
        KvPlan plan = new KvPlan(
                SHAPE,
                512,
                32,
                KvPlan.Mode.DISK,
                0,
                3 * unitChunks,
                unitChunks,
                0,
                0,
                CHUNK,
                List.of(inHost, inHost),
                passingLeaves,
                0,
                new DiskPlan(512, 0, 1 << 20, 4096, 4096, 1 << 16),
                false,
                List.of());
        return new Workload(SHAPE, 2, "ours", plan, RECORDS);
    }

    private static LayerLoad load(double onDevice, Moves demand, Moves ahead, double scoredBytes) {
        double chunks = onDevice + demand.chunks() + ahead.chunks();
        return new LayerLoad(
                128, 0, onDevice, 16 * chunks, demand, ahead, Moves.NONE, 0, scoredBytes, 0, ahead.chunks() > 0);
    }

    private static Moves disk(double chunks) {
        return new Moves(0, chunks, 0, chunks, 0);
    }

    private static StepTime step(Machine machine, int unitChunks, int batch, LayerLoad first, LayerLoad second) {
        StepModel model = new StepModel(machine, work(unitChunks), batch, 0);
        return model.step(Collections.nCopies(batch, List.of(first, second)));
    }

    private static double computing(int batch, double chunks) {
        return 2 * (PROJECT + FINISH + 7) + OUTPUT + 11 + 2 * batch * chunks * CHUNK;
    }

    @Test
    void withEverythingOnTheDeviceTimesAddUp() {
        LayerLoad load = load(8, Moves.NONE, Moves.NONE, 100);
        StepTime step = step(machine(1), 8, 1, load, load);
        assertEquals(computing(1, 8) + 2 * 200, step.nanos(), 1e-6); // scored in the host, 2 ns a byte
        assertEquals(0, step.stallNanos());
    }

    @Test
    void withoutReadAheadALayerWaitsForItsReads() {
        LayerLoad load = load(4, disk(4), Moves.NONE, 0);
        StepTime step = step(machine(3), 8, 1, load, load);
        assertEquals(2 * 4 * CHUNK * 3, step.stallNanos(), 1e-6);
        assertEquals(computing(1, 8) + 2 * 4 * CHUNK * 3, step.nanos(), 1e-6);
        assertEquals(2 * 4 * CHUNK, step.diskBytes());
        assertEquals(2 * 4 * CHUNK * 3, step.diskBusyNanos(), 1e-6);
    }

    @Test
    void aSecondUnitComesWhileTheFirstIsAttended() {
        // Of 16 chunks a layer in two units: the first waits for 8 reads, behind it 8 more take longer than attending
        // 8.
        LayerLoad load = load(0, disk(16), Moves.NONE, 0);
        StepTime step = step(machine(3), 8, 1, load, load);
        assertEquals(2.0 * (8 * CHUNK * 3 + 8 * CHUNK * (3 - 1)), step.stallNanos(), 1e-6);
    }

    @Test
    void whatIsReadAheadComesWhileTheLayerBeforeComputes() {
        LayerLoad first = load(8, Moves.NONE, Moves.NONE, 0);
        LayerLoad second = load(4, Moves.NONE, disk(4), 0);
        StepTime hidden = step(machine(3), 8, 1, first, second);
        assertEquals(0, hidden.stallNanos()); // 4 chunks of 3 ns a byte: less than attending 8 and the products
        assertEquals(computing(1, 8), hidden.nanos(), 1e-6);
        StepTime seen = step(machine(100), 8, 1, first, second);
        double between = 8 * CHUNK + FINISH + PROJECT + 7;
        assertEquals(4 * CHUNK * 100 - between, seen.stallNanos(), 1e-6);
    }

    @Test
    void abstractsThatPassThroughMemoryComeWhileTheLayerBeforeComputes() {
        LayerLoad load = new LayerLoad(128, 0, 8, 128, Moves.NONE, Moves.NONE, Moves.NONE, 0, 0, 100, false);
        List<List<LayerLoad>> loads = List.of(List.of(load, load));
        StepTime serial = new StepModel(machine(3), work(8, 0), 1, 0).step(loads);
        StepTime passing = new StepModel(machine(3), work(8, 4), 1, 0).step(loads);
        assertEquals(2 * 100 * 3, serial.stallNanos(), 1e-6);
        assertEquals(0, passing.stallNanos(), 1e-6);
        assertEquals(serial.diskBytes(), passing.diskBytes());
    }

    @Test
    void readsOfOneSequenceComeWhileAnotherAttends() {
        // All reads are asked for first: the second sequence has waited while the first attended its 8 chunks.
        LayerLoad load = load(4, disk(4), Moves.NONE, 0);
        StepTime step = step(machine(3), 8, 2, load, load);
        double read = 4 * CHUNK * 3;
        assertEquals(2 * (read + read - 8 * CHUNK), step.stallNanos(), 1e-6);
        assertEquals(computing(2, 8) + step.stallNanos(), step.nanos(), 1e-6);
    }

    @Test
    void aLinkComesBehindTheDiskRecordByRecord() {
        Machine linked = machine(3).withLink(1e9);
        LayerLoad load = load(4, disk(4), Moves.NONE, 0);
        // The last of four records crosses when it has been read.
        assertEquals(2 * (4 * CHUNK * 3 + CHUNK), step(linked, 8, 1, load, load).stallNanos(), 1e-6);
        Machine slow = machine(3).withLink(1e9 / 5);
        assertEquals(2.0 * 4 * CHUNK * 5, step(slow, 8, 1, load, load).stallNanos(), 1e-6);
    }

    @Test
    void unwantedReadsBeyondTheDisksDepthAreGivenUp() {
        LayerLoad first = load(8, Moves.NONE, Moves.NONE, 0);
        // 4 wanted and 12 not, of which 8 in flight cannot be given up once the layer selects.
        LayerLoad second = new LayerLoad(128, 0, 4, 16 * 8, Moves.NONE, disk(4), disk(12), 0, 0, 0, true);
        double slow = 1e6; // nothing comes before the layer selects
        StepTime step = step(machine(slow), 8, 1, first, second);
        double given = 12.0 / 16 * 8;
        assertEquals((16 - given) * CHUNK, step.diskBytes(), 0.01 * CHUNK);
    }

    @Test
    void weightsThatDoNotFitComeOverTheLink() {
        Machine small = new Machine(
                "small",
                new Machine.Device(OUTPUT + PROJECT + FINISH, 1e9, 1e18, 1e9, 1e9, 1e9, 0, 0, false),
                new Machine.Link(1e9 / 10, 0),
                machine(1).host(),
                machine(1).disk());
        LayerLoad load = load(8, Moves.NONE, Moves.NONE, 0);
        StepTime step = step(small, 8, 1, load, load);
        // Half of each layer, at 10 ns a byte, the second layer's while the first computes.
        double layer = (PROJECT + FINISH) / 2 * 10;
        assertEquals(layer - (PROJECT + FINISH + 8 * CHUNK), step.stallNanos(), 1e-6);
    }

    @Test
    void aFasterDiskIsNeverSlower() {
        LayerLoad first = load(2, disk(14), Moves.NONE, 300);
        LayerLoad second = load(2, disk(3), disk(11), 300);
        double before = Double.POSITIVE_INFINITY;
        for (double nanosPerByte : new double[] {1000, 300, 100, 30, 10, 3, 1, 0.3, 0.1}) {
            double nanos = step(machine(nanosPerByte), 8, 3, first, second).nanos();
            assertTrue(nanos <= before, nanosPerByte + " ns a byte: " + nanos + " after " + before);
            before = nanos;
        }
    }
}
