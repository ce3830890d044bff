package uk.ac.manchester.tornado.api;

import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** A part of an array that is to travel back to the host; offset and size count elements. Not thread-safe. */
public class DataRange {
    private final TornadoNativeArray array;
    private long offset;
    private long size;
    private boolean materialized;

    /** The whole array, until told otherwise. */
    public DataRange(TornadoNativeArray tornadoNativeArray) {
        array = tornadoNativeArray;
    }

    /** The first element. */
    public DataRange withOffset(long offset) {
        this.offset = offset;
        return this;
    }

    /** The number of elements; 0 stands for the whole array's, as in TornadoVM. */
    public DataRange withSize(long size) {
        this.size = size;
        return this;
    }

    /**
     * Turns elements into bytes.
     *
     * @throws TornadoRuntimeException if the range is not inside the array
     */
    public void materialize() {
        long elements = size == 0 ? array.getSize() : size;
        if (offset < 0 || elements < 0 || offset + elements > array.getSize()) {
            throw new TornadoRuntimeException(
                    "a range of " + elements + " elements from " + offset + " of an array of " + array.getSize());
        }
        materialized = true;
    }

    /** The first byte, counted from the header's begin. */
    public long getOffset() {
        checkMaterialized();
        return TornadoNativeArray.ARRAY_HEADER + offset * array.getElementSize();
    }

    /** The number of bytes. */
    public long getPartialSize() {
        checkMaterialized();
        return (size == 0 ? array.getSize() : size) * array.getElementSize();
    }

    /** The array. */
    public TornadoNativeArray getArray() {
        return array;
    }

    private void checkMaterialized() {
        if (!materialized) {
            throw new TornadoRuntimeException("a range is asked for its bytes before materialize()");
        }
    }
}
