package uk.ac.manchester.tornado.api.types.arrays;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.longinfer.simulator.memory.ElementWatch;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.vectors.Half2;

/** An array of halves outside the heap; not thread-safe. */
public final class HalfFloatArray extends TornadoNativeArray {
    private static final int ELEMENT_BYTES = 2;

    /** An array of halves, all zero. */
    public HalfFloatArray(int numberOfElements) {
        super(numberOfElements, ELEMENT_BYTES);
    }

    private HalfFloatArray(MemorySegment segmentWithHeader) {
        super(segmentWithHeader, ELEMENT_BYTES);
    }

    private HalfFloatArray(MemorySegment segmentWithHeader, ElementWatch watch) {
        super(segmentWithHeader, ELEMENT_BYTES, watch);
    }

    @Override
    public HalfFloatArray onDevice(MemorySegment segmentWithHeader, ElementWatch watch) {
        return new HalfFloatArray(segmentWithHeader, watch);
    }

    /** A copy of an array. */
    public static HalfFloatArray fromArray(HalfFloat[] values) {
        HalfFloatArray array = new HalfFloatArray(values.length);
        for (int i = 0; i < values.length; i++) {
            array.set(i, values[i]);
        }
        return array;
    }

    /** An array of these elements. */
    public static HalfFloatArray fromElements(HalfFloat... values) {
        return fromArray(values);
    }

    /** A copy of a segment of elements, without a header. */
    public static HalfFloatArray fromSegment(MemorySegment segment) {
        HalfFloatArray array = new HalfFloatArray(elements(segment.byteSize(), ELEMENT_BYTES));
        MemorySegment.copy(segment, 0, array.segment(), ARRAY_HEADER, segment.byteSize());
        return array;
    }

    /** An array over a segment that begins with the header; nothing is copied, the header is written. */
    public static HalfFloatArray fromSegmentShallow(MemorySegment segment) {
        return new HalfFloatArray(segment);
    }

    /** Sets every element. */
    public static void initialize(HalfFloatArray array, HalfFloat value) {
        array.init(value);
    }

    /** The arrays one behind the other, copied. */
    public static HalfFloatArray concat(HalfFloatArray... arrays) {
        HalfFloatArray joined = new HalfFloatArray(
                Arrays.stream(arrays).mapToInt(HalfFloatArray::getSize).sum());
        joined.copyOf(arrays);
        return joined;
    }

    /** The element at {@code index}. */
    public HalfFloat get(int index) {
        return new HalfFloat(segment().get(JAVA_SHORT, offsetToRead(index)));
    }

    /** Writes the element at {@code index}. */
    public void set(int index, HalfFloat value) {
        segment().set(JAVA_SHORT, offsetToWrite(index), value.getHalfFloatValue());
    }

    /** The elements at {@code index} and behind it. */
    public Half2 getHalf2(int index) {
        return new Half2(get(index), get(index + 1));
    }

    /** Writes the elements at {@code index} and behind it. */
    public void setHalf2(int index, Half2 value) {
        set(index, value.getX());
        set(index + 1, value.getY());
    }

    /** A copy of the elements' bits. */
    public short[] toShortArray() {
        short[] copy = new short[getSize()];
        for (int i = 0; i < copy.length; i++) {
            copy[i] = get(i).getHalfFloatValue();
        }
        return copy;
    }

    /** Sets every element. */
    public void init(HalfFloat value) {
        for (int i = 0; i < getSize(); i++) {
            set(i, value);
        }
    }

    @Override
    public void clear() {
        init(new HalfFloat(0f));
    }

    /** A copy of the elements. */
    public HalfFloat[] toHeapArray() {
        HalfFloat[] copy = new HalfFloat[getSize()];
        Arrays.setAll(copy, this::get);
        return copy;
    }

    /** A copy of {@code length} elements from {@code offset} on. */
    public HalfFloatArray slice(int offset, int length) {
        return fromSegment(elements(offset, length));
    }
}
