package uk.ac.manchester.tornado.api.types.arrays;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.longinfer.simulator.memory.ElementWatch;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import uk.ac.manchester.tornado.api.types.HalfFloat;

/** An array of bytes outside the heap; not thread-safe. */
public final class ByteArray extends TornadoNativeArray {
    private static final int ELEMENT_BYTES = 1;

    /** An array of bytes, all zero. */
    public ByteArray(int numberOfElements) {
        super(numberOfElements, ELEMENT_BYTES);
    }

    private ByteArray(MemorySegment segmentWithHeader) {
        super(segmentWithHeader, ELEMENT_BYTES);
    }

    private ByteArray(MemorySegment segmentWithHeader, ElementWatch watch) {
        super(segmentWithHeader, ELEMENT_BYTES, watch);
    }

    @Override
    public ByteArray onDevice(MemorySegment segmentWithHeader, ElementWatch watch) {
        return new ByteArray(segmentWithHeader, watch);
    }

    /** A copy of an array. */
    public static ByteArray fromArray(byte[] values) {
        ByteArray array = new ByteArray(values.length);
        for (int i = 0; i < values.length; i++) {
            array.set(i, values[i]);
        }
        return array;
    }

    /** An array of these elements. */
    public static ByteArray fromElements(byte... values) {
        return fromArray(values);
    }

    /** A copy of a segment of elements, without a header. */
    public static ByteArray fromSegment(MemorySegment segment) {
        ByteArray array = new ByteArray(elements(segment.byteSize(), ELEMENT_BYTES));
        MemorySegment.copy(segment, 0, array.segment(), ARRAY_HEADER, segment.byteSize());
        return array;
    }

    /** An array over a segment that begins with the header; nothing is copied, the header is written. */
    public static ByteArray fromSegmentShallow(MemorySegment segment) {
        return new ByteArray(segment);
    }

    /** Sets every element. */
    public static void initialize(ByteArray array, byte value) {
        array.init(value);
    }

    /** The arrays one behind the other, copied. */
    public static ByteArray concat(ByteArray... arrays) {
        ByteArray joined =
                new ByteArray(Arrays.stream(arrays).mapToInt(ByteArray::getSize).sum());
        joined.copyOf(arrays);
        return joined;
    }

    /** The element at {@code index}. */
    public byte get(int index) {
        return segment().get(JAVA_BYTE, offsetToRead(index));
    }

    /** Writes the element at {@code index}. */
    public void set(int index, byte value) {
        segment().set(JAVA_BYTE, offsetToWrite(index), value);
    }

    /** The two bytes at {@code byteIndex} and behind it as a half, low byte first. */
    public HalfFloat getHalfFloat(int byteIndex) {
        return new HalfFloat((short) ((get(byteIndex) & 0xFF) | (get(byteIndex + 1) << 8)));
    }

    /** Writes a half as two bytes, low byte first. */
    public void setHalfFloat(int byteIndex, HalfFloat value) {
        set(byteIndex, (byte) value.getHalfFloatValue());
        set(byteIndex + 1, (byte) (value.getHalfFloatValue() >> 8));
    }

    /** Sets every element. */
    public void init(byte value) {
        for (int i = 0; i < getSize(); i++) {
            set(i, value);
        }
    }

    @Override
    public void clear() {
        init((byte) 0);
    }

    /** A copy of the elements. */
    public byte[] toHeapArray() {
        byte[] copy = new byte[getSize()];
        for (int i = 0; i < copy.length; i++) {
            copy[i] = get(i);
        }
        return copy;
    }

    /** A copy of {@code length} elements from {@code offset} on. */
    public ByteArray slice(int offset, int length) {
        return fromSegment(elements(offset, length));
    }
}
