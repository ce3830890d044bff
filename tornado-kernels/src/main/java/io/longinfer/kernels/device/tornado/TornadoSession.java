package io.longinfer.kernels.device.tornado;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.Block;
import io.longinfer.kernels.device.BlockTable;
import io.longinfer.kernels.device.ClosedChunks;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.DecoderWeights;
import io.longinfer.kernels.device.DeviceProfile;
import io.longinfer.kernels.device.DeviceSession;
import io.longinfer.kernels.device.KvPool;
import io.longinfer.kernels.device.Sequences;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.Optional;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/**
 * Sequences on a device of TornadoVM. Its memory is laid out, and the weights go there, when the first block begins or the
 * first chunk is written; then no pool can be added. See {@link LayerRun} for what is executed when.
 */
final class TornadoSession implements DeviceSession {
    private static final int NO_LAYER = -1;

    private final DecoderWeights weights;
    private final DecoderShape shape;
    private final Sequences sequences;
    private final TornadoDevice device;
    private final DeviceProfile profile;
    private int slots;
    private Optional<LayerRun> run = Optional.empty();

    /** Stands for the block while there is none. */
    private final Block none = new Block();

    private Block block = none;
    private boolean recordsMass;
    private int projected = NO_LAYER;
    private boolean finished;
    private boolean closed;

    TornadoSession(
            DecoderWeights weights, int maxBlockTokens, int sequences, TornadoDevice device, DeviceProfile profile) {
        this.weights = weights;
        this.device = device;
        this.profile = profile;
        shape = weights.shape();
        this.sequences = new Sequences(shape, maxBlockTokens, sequences);
    }

    @Override
    public DecoderShape shape() {
        return shape;
    }

    @Override
    public int maxBlockTokens() {
        return sequences.maxBlockTokens();
    }

    @Override
    public int sequences() {
        return sequences.count();
    }

    @Override
    public KvPool allocatePool(ChunkLayout layout, int slots) {
        checkOpen();
        if (run.isPresent()) {
            throw new IllegalStateException("the device's memory is laid out, no pool can be added to it");
        }
        if (layout.headDim() != shape.headDim() || slots < 0) {
            throw new IllegalArgumentException("a pool of " + slots + " chunks of " + layout.headDim()
                    + " channels is not one for heads of " + shape.headDim());
        }
        TornadoKvPool pool = new TornadoKvPool(this, layout, this.slots, slots);
        this.slots = Math.addExact(this.slots, slots);
        return pool;
    }

    /** What computes, started now if it is not yet. */
    private synchronized LayerRun run() {
        checkOpen();
        if (run.isEmpty()) {
            run = Optional.of(LayerRun.start(weights, slots, maxBlockTokens(), sequences(), device, profile));
        }
        return run.get();
    }

    /** Lets a chunk come to a slot with the next execution. */
    void write(int slot, MemorySegment source, long offset) {
        run().write(slot, source, offset);
    }

    /** Copies a slot's chunk to the host. */
    void read(int slot, MemorySegment target, long offset) {
        run().read(slot, target, offset);
    }

    /** Executions of task graphs so far. */
    long executions() {
        return run.map(LayerRun::executions).orElse(0L);
    }

    @Override
    public void begin(Block block) {
        LayerRun started = run();
        endBlock();
        sequences.begin(block);
        this.block = block;
        started.begin(block);
    }

    @Override
    public void project(int layer) {
        checkOpen();
        Objects.checkIndex(layer, shape.layers());
        if (block.segments() == 0) {
            throw new IllegalStateException("no block has begun");
        }
        run().project(layer);
        projected = layer;
        finished = false;
    }

    @Override
    public int segments() {
        return block.segments();
    }

    @Override
    public int firstRow(int segment) {
        return block.firstRow(checkSegment(segment));
    }

    @Override
    public int rows(int segment) {
        return block.rows(checkSegment(segment));
    }

    @Override
    public float[] queries() {
        return run().queries();
    }

    @Override
    public float[] predictQueries(int layer) {
        Objects.checkIndex(layer, shape.layers());
        checkProjected(layer - 1);
        return run().predictQueries(layer);
    }

    @Override
    public void attend(int layer, int segment, KvPool pool, BlockTable table) {
        checkProjected(layer);
        checkSegment(segment);
        if (!(pool instanceof TornadoKvPool own) || !own.isOf(this)) {
            throw new IllegalArgumentException("the pool belongs to another session or device");
        }
        run().attend(segment, own, table, recordsMass);
    }

    @Override
    public void finish(int layer) {
        checkProjected(layer);
        run().finish();
        finished = true;
    }

    @Override
    public void recordMass(boolean record) {
        recordsMass = record;
    }

    @Override
    public float mass(int segment, int call, int kvHead, int index) {
        checkSegment(segment);
        return run().mass(segment, call, kvHead, index);
    }

    @Override
    public ClosedChunks closedChunks(int segment) {
        return run().closedChunks(checkSegment(segment));
    }

    @Override
    public void logits(int firstRow, int count, float[] logits) {
        checkOpen();
        Objects.checkFromIndexSize(firstRow, count, block.rows());
        run().logits(firstRow, count, logits);
    }

    @Override
    public void resume(int sequence, int position) {
        checkOpen();
        sequences.resume(sequence, position);
        forget(sequence);
    }

    @Override
    public void reset() {
        checkOpen();
        sequences.reset();
        endBlock();
    }

    @Override
    public void reset(int sequence) {
        checkOpen();
        sequences.reset(sequence);
        forget(sequence);
    }

    private void forget(int sequence) {
        for (int segment = 0; segment < block.segments(); segment++) {
            if (block.sequence(segment) == sequence) {
                endBlock();
            }
        }
    }

    private void endBlock() {
        block = none;
        projected = NO_LAYER;
        run.ifPresent(LayerRun::end);
    }

    @Override
    public synchronized void close() {
        closed = true;
        run.ifPresent(LayerRun::close);
        run = Optional.empty();
    }

    private int checkSegment(int segment) {
        return Objects.checkIndex(segment, block.segments());
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the session is closed");
        }
    }

    private void checkProjected(int layer) {
        checkOpen();
        if (projected != layer || layer < 0) {
            throw new IllegalStateException("layer " + layer + " is not projected yet");
        }
        if (finished) {
            throw new IllegalStateException("layer " + layer + " is finished");
        }
    }
}
