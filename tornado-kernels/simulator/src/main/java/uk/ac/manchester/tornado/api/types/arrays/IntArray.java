package uk.ac.manchester.tornado.api.types.arrays;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.longinfer.simulator.memory.ElementWatch;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** An array of ints outside the heap; not thread-safe. */
public final class IntArray extends TornadoNativeArray {
    private static final int ELEMENT_BYTES = 4;

    /** An array of ints, all zero. */
    public IntArray(int numberOfElements) {
        super(numberOfElements, ELEMENT_BYTES);
    }

    private IntArray(MemorySegment segmentWithHeader) {
        super(segmentWithHeader, ELEMENT_BYTES);
    }

    private IntArray(MemorySegment segmentWithHeader, ElementWatch watch) {
        super(segmentWithHeader, ELEMENT_BYTES, watch);
    }

    @Override
    public IntArray onDevice(MemorySegment segmentWithHeader, ElementWatch watch) {
        return new IntArray(segmentWithHeader, watch);
    }

    /** A copy of an array. */
    public static IntArray fromArray(int[] values) {
        IntArray array = new IntArray(values.length);
        for (int i = 0; i < values.length; i++) {
            array.set(i, values[i]);
        }
        return array;
    }

    /** An array of these elements. */
    public static IntArray fromElements(int... values) {
        return fromArray(values);
    }

    /** A copy of a segment of elements, without a header. */
    public static IntArray fromSegment(MemorySegment segment) {
        IntArray array = new IntArray(elements(segment.byteSize(), ELEMENT_BYTES));
        MemorySegment.copy(segment, 0, array.segment(), ARRAY_HEADER, segment.byteSize());
        return array;
    }

    /** An array over a segment that begins with the header; nothing is copied, the header is written. */
    public static IntArray fromSegmentShallow(MemorySegment segment) {
        return new IntArray(segment);
    }

    /** Sets every element. */
    public static void initialize(IntArray array, int value) {
        array.init(value);
    }

    /** The arrays one behind the other, copied. */
    public static IntArray concat(IntArray... arrays) {
        IntArray joined =
                new IntArray(Arrays.stream(arrays).mapToInt(IntArray::getSize).sum());
        joined.copyOf(arrays);
        return joined;
    }

    /** The element at {@code index}. */
    public int get(int index) {
        return segment().get(JAVA_INT, offsetToRead(index));
    }

    /** Writes the element at {@code index}. */
    public void set(int index, int value) {
        segment().set(JAVA_INT, offsetToWrite(index), value);
    }

    /** Adds to an element as one step: the simulator's own, not part of TornadoVM. */
    public void addAtomically(int index, int value) {
        long offset = offsetToChangeAtomically(index);
        segment().set(JAVA_INT, offset, segment().get(JAVA_INT, offset) + value);
    }

    /** Sets every element. */
    public void init(int value) {
        for (int i = 0; i < getSize(); i++) {
            set(i, value);
        }
    }

    @Override
    public void clear() {
        init(0);
    }

    /** A copy of the elements. */
    public int[] toHeapArray() {
        int[] copy = new int[getSize()];
        for (int i = 0; i < copy.length; i++) {
            copy[i] = get(i);
        }
        return copy;
    }

    /** A copy of {@code length} elements from {@code offset} on. */
    public IntArray slice(int offset, int length) {
        return fromSegment(elements(offset, length));
    }
}
