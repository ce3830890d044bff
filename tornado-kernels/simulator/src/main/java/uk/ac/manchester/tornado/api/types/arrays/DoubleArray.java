package uk.ac.manchester.tornado.api.types.arrays;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;

import io.longinfer.simulator.memory.ElementWatch;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** An array of doubles outside the heap; not thread-safe. */
public final class DoubleArray extends TornadoNativeArray {
    private static final int ELEMENT_BYTES = 8;

    /** An array of doubles, all zero. */
    public DoubleArray(int numberOfElements) {
        super(numberOfElements, ELEMENT_BYTES);
    }

    private DoubleArray(MemorySegment segmentWithHeader) {
        super(segmentWithHeader, ELEMENT_BYTES);
    }

    private DoubleArray(MemorySegment segmentWithHeader, ElementWatch watch) {
        super(segmentWithHeader, ELEMENT_BYTES, watch);
    }

    @Override
    public DoubleArray onDevice(MemorySegment segmentWithHeader, ElementWatch watch) {
        return new DoubleArray(segmentWithHeader, watch);
    }

    /** A copy of an array. */
    public static DoubleArray fromArray(double[] values) {
        DoubleArray array = new DoubleArray(values.length);
        for (int i = 0; i < values.length; i++) {
            array.set(i, values[i]);
        }
        return array;
    }

    /** An array of these elements. */
    public static DoubleArray fromElements(double... values) {
        return fromArray(values);
    }

    /** A copy of a segment of elements, without a header. */
    public static DoubleArray fromSegment(MemorySegment segment) {
        DoubleArray array = new DoubleArray(elements(segment.byteSize(), ELEMENT_BYTES));
        MemorySegment.copy(segment, 0, array.segment(), ARRAY_HEADER, segment.byteSize());
        return array;
    }

    /** An array over a segment that begins with the header; nothing is copied, the header is written. */
    public static DoubleArray fromSegmentShallow(MemorySegment segment) {
        return new DoubleArray(segment);
    }

    /** Sets every element. */
    public static void initialize(DoubleArray array, double value) {
        array.init(value);
    }

    /** The arrays one behind the other, copied. */
    public static DoubleArray concat(DoubleArray... arrays) {
        DoubleArray joined = new DoubleArray(
                Arrays.stream(arrays).mapToInt(DoubleArray::getSize).sum());
        joined.copyOf(arrays);
        return joined;
    }

    /** The element at {@code index}. */
    public double get(int index) {
        return segment().get(JAVA_DOUBLE, offsetToRead(index));
    }

    /** Writes the element at {@code index}. */
    public void set(int index, double value) {
        segment().set(JAVA_DOUBLE, offsetToWrite(index), value);
    }

    /** Adds to an element as one step: the simulator's own, not part of TornadoVM. */
    public void addAtomically(int index, double value) {
        long offset = offsetToChangeAtomically(index);
        segment().set(JAVA_DOUBLE, offset, segment().get(JAVA_DOUBLE, offset) + value);
    }

    /** Sets every element. */
    public void init(double value) {
        for (int i = 0; i < getSize(); i++) {
            set(i, value);
        }
    }

    @Override
    public void clear() {
        init(0d);
    }

    /** A copy of the elements. */
    public double[] toHeapArray() {
        double[] copy = new double[getSize()];
        for (int i = 0; i < copy.length; i++) {
            copy[i] = get(i);
        }
        return copy;
    }

    /** A copy of {@code length} elements from {@code offset} on. */
    public DoubleArray slice(int offset, int length) {
        return fromSegment(elements(offset, length));
    }
}
