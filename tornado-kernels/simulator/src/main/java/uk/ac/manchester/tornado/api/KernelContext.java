package uk.ac.manchester.tornado.api;

import io.longinfer.simulator.Finding;
import io.longinfer.simulator.FindingKind;
import io.longinfer.simulator.device.SimulatedDevice;
import io.longinfer.simulator.launch.MatrixTiles;
import io.longinfer.simulator.launch.WorkItem;
import java.util.Optional;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;
import uk.ac.manchester.tornado.api.types.vectors.Half2;

/**
 * What a kernel knows of its work-item and can ask of its group.
 *
 * <p>A program makes one without an item and gives it to its tasks; each work-item of a launch is given one of its own.
 */
public class KernelContext {
    /** The work-item's number, dimension 0. */
    public final Integer globalIdx;

    /** The work-item's number, dimension 1. */
    public final Integer globalIdy;

    /** The work-item's number, dimension 2. */
    public final Integer globalIdz;

    /** The work-item's group, dimension 0. */
    public final Integer groupIdx;

    /** The work-item's group, dimension 1. */
    public final Integer groupIdy;

    /** The work-item's group, dimension 2. */
    public final Integer groupIdz;

    /** The work-item's number in its group, dimension 0. */
    public final Integer localIdx;

    /** The work-item's number in its group, dimension 1. */
    public final Integer localIdy;

    /** The work-item's number in its group, dimension 2. */
    public final Integer localIdz;

    /** All work-items, dimension 0. */
    public final Integer globalGroupSizeX;

    /** All work-items, dimension 1. */
    public final Integer globalGroupSizeY;

    /** All work-items, dimension 2. */
    public final Integer globalGroupSizeZ;

    /** The work-items of a group, dimension 0. */
    public final Integer localGroupSizeX;

    /** The work-items of a group, dimension 1. */
    public final Integer localGroupSizeY;

    /** The work-items of a group, dimension 2. */
    public final Integer localGroupSizeZ;

    private final Optional<WorkItem> item;

    /** A context to declare tasks with; its numbers are 0. */
    public KernelContext() {
        item = Optional.empty();
        globalIdx = 0;
        globalIdy = 0;
        globalIdz = 0;
        groupIdx = 0;
        groupIdy = 0;
        groupIdz = 0;
        localIdx = 0;
        localIdy = 0;
        localIdz = 0;
        globalGroupSizeX = 0;
        globalGroupSizeY = 0;
        globalGroupSizeZ = 0;
        localGroupSizeX = 0;
        localGroupSizeY = 0;
        localGroupSizeZ = 0;
    }

    /** The context of a work-item: the simulator's own, not part of TornadoVM. */
    public KernelContext(WorkItem item) {
        this.item = Optional.of(item);
        globalIdx = item.globalId(0);
        globalIdy = item.globalId(1);
        globalIdz = item.globalId(2);
        groupIdx = item.groupId(0);
        groupIdy = item.groupId(1);
        groupIdz = item.groupId(2);
        localIdx = item.localId(0);
        localIdy = item.localId(1);
        localIdz = item.localId(2);
        globalGroupSizeX = item.globalSize(0);
        globalGroupSizeY = item.globalSize(1);
        globalGroupSizeZ = item.globalSize(2);
        localGroupSizeX = item.localSize(0);
        localGroupSizeY = item.localSize(1);
        localGroupSizeZ = item.localSize(2);
    }

    private WorkItem item() {
        return item.orElseThrow(
                () -> new Finding(FindingKind.DEVICE_LIMIT, "a kernel's context is used outside a launch"));
    }

    /** Waits for all work-items of the group. */
    public void localBarrier() {
        item().barrier("");
    }

    /** Waits for all work-items of the group; like TornadoVM's, it does not cross groups. */
    public void globalBarrier() {
        item().barrier("");
    }

    /** The context's work-item: the simulator's own, not part of TornadoVM. */
    public WorkItem simulated() {
        return item();
    }

    /** The group's next local array of ints; nothing is in it yet. */
    public int[] allocateIntLocalArray(int size) {
        return item().allocate(int[].class, size, Integer.BYTES);
    }

    /** The group's next local array of longs; nothing is in it yet. */
    public long[] allocateLongLocalArray(int size) {
        return item().allocate(long[].class, size, Long.BYTES);
    }

    /** The group's next local array of floats; nothing is in it yet. */
    public float[] allocateFloatLocalArray(int size) {
        return item().allocate(float[].class, size, Float.BYTES);
    }

    /** The group's next local array of doubles; nothing is in it yet. */
    public double[] allocateDoubleLocalArray(int size) {
        return item().allocate(double[].class, size, Double.BYTES);
    }

    /** The group's next local array of bytes; nothing is in it yet. */
    public byte[] allocateByteLocalArray(int size) {
        return item().allocate(byte[].class, size, Byte.BYTES);
    }

    /** The group's next local array of HalfFloats; nothing is in it yet. */
    public HalfFloat[] allocateHalfFloatLocalArray(int size) {
        return item().allocate(HalfFloat[].class, size, Short.BYTES);
    }

    /** The group's next local array of Half2s; nothing is in it yet. */
    public Half2[] allocateHalf2LocalArray(int size) {
        return item().allocate(Half2[].class, size, Integer.BYTES);
    }

    /** Adds to an element as one step. */
    public void atomicAdd(IntArray array, int index, int val) {
        array.addAtomically(index, val);
    }

    /** Adds to an element as one step. */
    public void atomicAdd(LongArray array, int index, long val) {
        array.addAtomically(index, val);
    }

    /** Adds to an element as one step. */
    public void atomicAdd(FloatArray array, int index, float val) {
        array.addAtomically(index, val);
    }

    /** Adds to an element as one step. */
    public void atomicAdd(DoubleArray array, int index, double val) {
        array.addAtomically(index, val);
    }

    /** Adds to an element of a local array as one step. */
    public void atomicAdd(int[] array, int index, int val) {
        item().atomicLocal(array, index);
        array[index] += val;
    }

    /** The sum over the warp's lanes. */
    public float simdSum(float val) {
        return item().warpSum(val);
    }

    /** The value of the lane {@code delta} further; the own one where there is no such lane. */
    public float simdShuffleDown(float val, int delta) {
        return item().shuffleDown(val, delta);
    }

    /** The value of the warp's first lane. */
    public float simdBroadcastFirst(float val) {
        return item().broadcastFirst(val);
    }

    /** Sums of a matrix instruction, all {@code v}. */
    public float[] mmaFragment(float v) {
        return MatrixTiles.sums(v);
    }

    /** The left factor of a matrix instruction, from the beginning of a local tile. */
    public HalfFloat[] mmaLoadA(int[] aTile, int wmmaK) {
        return MatrixTiles.left(item(), aTile, 0, lane());
    }

    /** The left factor of a matrix instruction, from a byte of a local tile. */
    public HalfFloat[] mmaLoadA(int[] aTile, int wmmaK, int byteOffset) {
        return MatrixTiles.left(item(), aTile, byteOffset, lane());
    }

    /** The right factor of a matrix instruction, from the beginning of a local tile. */
    public HalfFloat[] mmaLoadB(int[] bTile, int wmmaK) {
        return MatrixTiles.right(item(), bTile, 0, lane());
    }

    /** The right factor of a matrix instruction, from a byte of a local tile. */
    public HalfFloat[] mmaLoadB(int[] bTile, int wmmaK, int byteOffset) {
        return MatrixTiles.right(item(), bTile, byteOffset, lane());
    }

    /** What a matrix instruction makes of sums and two factors. */
    public float[] mma(HalfFloat[] fragA, HalfFloat[] fragB, float[] fragC, MMAShape mmaShape) {
        if (mmaShape != MMAShape.M16N8K16) {
            throw new Finding(FindingKind.DEVICE_LIMIT, "matrix instructions of fp16 are m16n8k16, not " + mmaShape);
        }
        return MatrixTiles.multiply(fragA, fragB, fragC);
    }

    /** Stores a lane's part of sums into rows of {@code dimN} from the array's beginning. */
    public void mmaStore(float[] fragD, FloatArray c, int tileRow, int tileCol, int dimN) {
        MatrixTiles.store(fragD, c, tileRow, tileCol, dimN, lane());
    }

    private int lane() {
        return localIdx % SimulatedDevice.WARP_LANES;
    }
}
