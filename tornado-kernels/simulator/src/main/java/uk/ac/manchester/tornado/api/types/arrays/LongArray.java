package uk.ac.manchester.tornado.api.types.arrays;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.longinfer.simulator.memory.ElementWatch;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** An array of longs outside the heap; not thread-safe. */
public final class LongArray extends TornadoNativeArray {
    private static final int ELEMENT_BYTES = 8;

    /** An array of longs, all zero. */
    public LongArray(int numberOfElements) {
        super(numberOfElements, ELEMENT_BYTES);
    }

    private LongArray(MemorySegment segmentWithHeader) {
        super(segmentWithHeader, ELEMENT_BYTES);
    }

    private LongArray(MemorySegment segmentWithHeader, ElementWatch watch) {
        super(segmentWithHeader, ELEMENT_BYTES, watch);
    }

    @Override
    public LongArray onDevice(MemorySegment segmentWithHeader, ElementWatch watch) {
        return new LongArray(segmentWithHeader, watch);
    }

    /** A copy of an array. */
    public static LongArray fromArray(long[] values) {
        LongArray array = new LongArray(values.length);
        for (int i = 0; i < values.length; i++) {
            array.set(i, values[i]);
        }
        return array;
    }

    /** An array of these elements. */
    public static LongArray fromElements(long... values) {
        return fromArray(values);
    }

    /** A copy of a segment of elements, without a header. */
    public static LongArray fromSegment(MemorySegment segment) {
        LongArray array = new LongArray(elements(segment.byteSize(), ELEMENT_BYTES));
        MemorySegment.copy(segment, 0, array.segment(), ARRAY_HEADER, segment.byteSize());
        return array;
    }

    /** An array over a segment that begins with the header; nothing is copied, the header is written. */
    public static LongArray fromSegmentShallow(MemorySegment segment) {
        return new LongArray(segment);
    }

    /** Sets every element. */
    public static void initialize(LongArray array, long value) {
        array.init(value);
    }

    /** The arrays one behind the other, copied. */
    public static LongArray concat(LongArray... arrays) {
        LongArray joined =
                new LongArray(Arrays.stream(arrays).mapToInt(LongArray::getSize).sum());
        joined.copyOf(arrays);
        return joined;
    }

    /** The element at {@code index}. */
    public long get(int index) {
        return segment().get(JAVA_LONG, offsetToRead(index));
    }

    /** Writes the element at {@code index}. */
    public void set(int index, long value) {
        segment().set(JAVA_LONG, offsetToWrite(index), value);
    }

    /** Adds to an element as one step: the simulator's own, not part of TornadoVM. */
    public void addAtomically(int index, long value) {
        long offset = offsetToChangeAtomically(index);
        segment().set(JAVA_LONG, offset, segment().get(JAVA_LONG, offset) + value);
    }

    /** Sets every element. */
    public void init(long value) {
        for (int i = 0; i < getSize(); i++) {
            set(i, value);
        }
    }

    @Override
    public void clear() {
        init(0L);
    }

    /** A copy of the elements. */
    public long[] toHeapArray() {
        long[] copy = new long[getSize()];
        for (int i = 0; i < copy.length; i++) {
            copy[i] = get(i);
        }
        return copy;
    }

    /** A copy of {@code length} elements from {@code offset} on. */
    public LongArray slice(int offset, int length) {
        return fromSegment(elements(offset, length));
    }
}
