package uk.ac.manchester.tornado.api.types.arrays;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.longinfer.simulator.memory.ElementWatch;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** An array of shorts outside the heap; not thread-safe. */
public final class ShortArray extends TornadoNativeArray {
    private static final int ELEMENT_BYTES = 2;

    /** An array of shorts, all zero. */
    public ShortArray(int numberOfElements) {
        super(numberOfElements, ELEMENT_BYTES);
    }

    private ShortArray(MemorySegment segmentWithHeader) {
        super(segmentWithHeader, ELEMENT_BYTES);
    }

    private ShortArray(MemorySegment segmentWithHeader, ElementWatch watch) {
        super(segmentWithHeader, ELEMENT_BYTES, watch);
    }

    @Override
    public ShortArray onDevice(MemorySegment segmentWithHeader, ElementWatch watch) {
        return new ShortArray(segmentWithHeader, watch);
    }

    /** A copy of an array. */
    public static ShortArray fromArray(short[] values) {
        ShortArray array = new ShortArray(values.length);
        for (int i = 0; i < values.length; i++) {
            array.set(i, values[i]);
        }
        return array;
    }

    /** An array of these elements. */
    public static ShortArray fromElements(short... values) {
        return fromArray(values);
    }

    /** A copy of a segment of elements, without a header. */
    public static ShortArray fromSegment(MemorySegment segment) {
        ShortArray array = new ShortArray(elements(segment.byteSize(), ELEMENT_BYTES));
        MemorySegment.copy(segment, 0, array.segment(), ARRAY_HEADER, segment.byteSize());
        return array;
    }

    /** An array over a segment that begins with the header; nothing is copied, the header is written. */
    public static ShortArray fromSegmentShallow(MemorySegment segment) {
        return new ShortArray(segment);
    }

    /** Sets every element. */
    public static void initialize(ShortArray array, short value) {
        array.init(value);
    }

    /** The arrays one behind the other, copied. */
    public static ShortArray concat(ShortArray... arrays) {
        ShortArray joined = new ShortArray(
                Arrays.stream(arrays).mapToInt(ShortArray::getSize).sum());
        joined.copyOf(arrays);
        return joined;
    }

    /** The element at {@code index}. */
    public short get(int index) {
        return segment().get(JAVA_SHORT, offsetToRead(index));
    }

    /** Writes the element at {@code index}. */
    public void set(int index, short value) {
        segment().set(JAVA_SHORT, offsetToWrite(index), value);
    }

    /** Sets every element. */
    public void init(short value) {
        for (int i = 0; i < getSize(); i++) {
            set(i, value);
        }
    }

    @Override
    public void clear() {
        init((short) 0);
    }

    /** A copy of the elements. */
    public short[] toHeapArray() {
        short[] copy = new short[getSize()];
        for (int i = 0; i < copy.length; i++) {
            copy[i] = get(i);
        }
        return copy;
    }

    /** A copy of {@code length} elements from {@code offset} on. */
    public ShortArray slice(int offset, int length) {
        return fromSegment(elements(offset, length));
    }
}
