package uk.ac.manchester.tornado.api.types.arrays;

import io.longinfer.simulator.memory.ElementWatch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * An array outside the heap: a header that holds the number of elements, then the elements.
 *
 * <p>Kernels are given twins of the host's arrays over device memory, made by {@link #onDevice}; a watch sees each access
 * to an element. Not thread-safe.
 */
public abstract sealed class TornadoNativeArray
        permits ByteArray, DoubleArray, FloatArray, HalfFloatArray, IntArray, LongArray, ShortArray {

    /** Bytes before the first element. */
    public static final long ARRAY_HEADER = Long.getLong("tornado.panama.objectHeader", 16);

    private final MemorySegment segment;
    private final int elementBytes;
    private final int size;
    private ElementWatch watch;

    TornadoNativeArray(int numberOfElements, int elementBytes) {
        this(Arena.ofAuto().allocate(ARRAY_HEADER + (long) numberOfElements * elementBytes, 16), elementBytes);
    }

    TornadoNativeArray(MemorySegment segmentWithHeader, int elementBytes) {
        this(segmentWithHeader, elementBytes, ElementWatch.inBounds());
    }

    TornadoNativeArray(MemorySegment segmentWithHeader, int elementBytes, ElementWatch watch) {
        this.segment = segmentWithHeader;
        this.elementBytes = elementBytes;
        this.size = elements(segmentWithHeader.byteSize() - ARRAY_HEADER, elementBytes);
        this.watch = watch;
        segmentWithHeader.set(ValueLayout.JAVA_INT, 0, size);
    }

    static int elements(long bytes, int elementBytes) {
        if (bytes % elementBytes != 0) {
            throw new IllegalArgumentException(bytes + " bytes are no whole number of elements of " + elementBytes);
        }
        return Math.toIntExact(bytes / elementBytes);
    }

    /** The number of elements. */
    public int getSize() {
        return size;
    }

    /** The elements. */
    public MemorySegment getSegment() {
        watch.expose();
        return segment.asSlice(ARRAY_HEADER);
    }

    /** The header and the elements. */
    public MemorySegment getSegmentWithHeader() {
        watch.expose();
        return segment;
    }

    /** The bytes of header and elements. */
    public long getNumBytesOfSegmentWithHeader() {
        return segment.byteSize();
    }

    /** The bytes of the elements. */
    public long getNumBytesOfSegment() {
        return segment.byteSize() - ARRAY_HEADER;
    }

    /** The bytes of an element. */
    public int getElementSize() {
        return elementBytes;
    }

    /** Sets every element to zero. */
    protected abstract void clear();

    /**
     * The same array over other memory: the simulator's own, not part of TornadoVM.
     *
     * @param segmentWithHeader memory of the same size
     * @param watch sees each access to the twin's elements
     */
    public abstract TornadoNativeArray onDevice(MemorySegment segmentWithHeader, ElementWatch watch);

    /** Who sees accesses to this array: the simulator's own, not part of TornadoVM. */
    public ElementWatch watch() {
        return watch;
    }

    /** Sets who sees accesses to this array: the simulator's own, not part of TornadoVM. */
    public void watch(ElementWatch watch) {
        this.watch = watch;
    }

    /** Header and elements, unseen by the watch: the simulator's own, not part of TornadoVM. */
    public MemorySegment segment() {
        return segment;
    }

    final long offsetToRead(int index) {
        watch.read(index, size);
        return ARRAY_HEADER + (long) index * elementBytes;
    }

    final long offsetToWrite(int index) {
        watch.write(index, size);
        return ARRAY_HEADER + (long) index * elementBytes;
    }

    final long offsetToChangeAtomically(int index) {
        watch.atomic(index, size);
        return ARRAY_HEADER + (long) index * elementBytes;
    }

    final MemorySegment elements(int offset, int length) {
        Objects.checkFromIndexSize(offset, length, size);
        return segment.asSlice(ARRAY_HEADER + (long) offset * elementBytes, (long) length * elementBytes);
    }

    final void copyOf(TornadoNativeArray... arrays) {
        long to = ARRAY_HEADER;
        for (TornadoNativeArray array : arrays) {
            MemorySegment.copy(array.segment, ARRAY_HEADER, segment, to, array.getNumBytesOfSegment());
            to += array.getNumBytesOfSegment();
        }
    }
}
