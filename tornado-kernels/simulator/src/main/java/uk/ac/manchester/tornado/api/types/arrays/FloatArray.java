package uk.ac.manchester.tornado.api.types.arrays;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.longinfer.simulator.memory.ElementWatch;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** An array of floats outside the heap; not thread-safe. */
public final class FloatArray extends TornadoNativeArray {
    private static final int ELEMENT_BYTES = 4;

    /** An array of floats, all zero. */
    public FloatArray(int numberOfElements) {
        super(numberOfElements, ELEMENT_BYTES);
    }

    private FloatArray(MemorySegment segmentWithHeader) {
        super(segmentWithHeader, ELEMENT_BYTES);
    }

    private FloatArray(MemorySegment segmentWithHeader, ElementWatch watch) {
        super(segmentWithHeader, ELEMENT_BYTES, watch);
    }

    @Override
    public FloatArray onDevice(MemorySegment segmentWithHeader, ElementWatch watch) {
        return new FloatArray(segmentWithHeader, watch);
    }

    /** A copy of an array. */
    public static FloatArray fromArray(float[] values) {
        FloatArray array = new FloatArray(values.length);
        for (int i = 0; i < values.length; i++) {
            array.set(i, values[i]);
        }
        return array;
    }

    /** An array of these elements. */
    public static FloatArray fromElements(float... values) {
        return fromArray(values);
    }

    /** A copy of a segment of elements, without a header. */
    public static FloatArray fromSegment(MemorySegment segment) {
        FloatArray array = new FloatArray(elements(segment.byteSize(), ELEMENT_BYTES));
        MemorySegment.copy(segment, 0, array.segment(), ARRAY_HEADER, segment.byteSize());
        return array;
    }

    /** An array over a segment that begins with the header; nothing is copied, the header is written. */
    public static FloatArray fromSegmentShallow(MemorySegment segment) {
        return new FloatArray(segment);
    }

    /** Sets every element. */
    public static void initialize(FloatArray array, float value) {
        array.init(value);
    }

    /** The arrays one behind the other, copied. */
    public static FloatArray concat(FloatArray... arrays) {
        FloatArray joined = new FloatArray(
                Arrays.stream(arrays).mapToInt(FloatArray::getSize).sum());
        joined.copyOf(arrays);
        return joined;
    }

    /** The element at {@code index}. */
    public float get(int index) {
        return segment().get(JAVA_FLOAT, offsetToRead(index));
    }

    /** Writes the element at {@code index}. */
    public void set(int index, float value) {
        segment().set(JAVA_FLOAT, offsetToWrite(index), value);
    }

    /** Adds to an element as one step: the simulator's own, not part of TornadoVM. */
    public void addAtomically(int index, float value) {
        long offset = offsetToChangeAtomically(index);
        segment().set(JAVA_FLOAT, offset, segment().get(JAVA_FLOAT, offset) + value);
    }

    /** Sets every element. */
    public void init(float value) {
        for (int i = 0; i < getSize(); i++) {
            set(i, value);
        }
    }

    @Override
    public void clear() {
        init(0f);
    }

    /** A copy of the elements. */
    public float[] toHeapArray() {
        float[] copy = new float[getSize()];
        for (int i = 0; i < copy.length; i++) {
            copy[i] = get(i);
        }
        return copy;
    }

    /** A copy of {@code length} elements from {@code offset} on. */
    public FloatArray slice(int offset, int length) {
        return fromSegment(elements(offset, length));
    }
}
