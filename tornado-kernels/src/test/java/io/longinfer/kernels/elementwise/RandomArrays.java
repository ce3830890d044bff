package io.longinfer.kernels.elementwise;

import java.util.Random;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Device arrays of random numbers. */
final class RandomArrays {
    private RandomArrays() {}

    static FloatArray floats(FloatArray array, Random random) {
        for (int i = 0; i < array.getSize(); i++) {
            array.set(i, (float) random.nextGaussian());
        }
        return array;
    }

    static float[] part(FloatArray array, int from, int length) {
        float[] part = new float[length];
        for (int i = 0; i < length; i++) {
            part[i] = array.get(from + i);
        }
        return part;
    }
}
