package io.longinfer.kernels.device.tornado;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Copies between Java arrays and the host's twins of device arrays. */
final class HostArrays {
    private HostArrays() {}

    static void copy(float[] source, int count, FloatArray target, int at) {
        MemorySegment.copy(source, 0, target.getSegment(), ValueLayout.JAVA_FLOAT, (long) at * Float.BYTES, count);
    }

    static void copy(int[] source, int count, IntArray target, int at) {
        MemorySegment.copy(source, 0, target.getSegment(), ValueLayout.JAVA_INT, (long) at * Integer.BYTES, count);
    }

    static void copy(FloatArray source, long first, int count, float[] target, int at) {
        MemorySegment.copy(source.getSegment(), ValueLayout.JAVA_FLOAT, first * Float.BYTES, target, at, count);
    }
}
