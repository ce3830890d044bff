package io.longinfer.kernels.linear;

import io.longinfer.kernels.quantization.TensorType;
import io.longinfer.kernels.quantization.WeightMatrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Random;

/** Matrices of random blocks for tests and benchmarks: any bits as quantised values, sensible numbers as scales. */
final class RandomWeights {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private RandomWeights() {}

    static WeightMatrix of(TensorType type, int rows, int columns, Arena arena, Random random) {
        byte[] bytes = new byte[Math.toIntExact(rows * type.sizeBytes(columns))];
        random.nextBytes(bytes);
        // Native memory, as mapped files are: heap segments would teach the compiler a case that never occurs in
        // earnest.
        MemorySegment data = arena.allocate(bytes.length);
        MemorySegment.copy(bytes, 0, data, ValueLayout.JAVA_BYTE, 0, bytes.length);
        for (long block = 0; block < bytes.length; block += type.blockBytes()) {
            scales(type, data, block, random);
        }
        return new WeightMatrix(type + " weights", type, rows, columns, data);
    }

    private static void scales(TensorType type, MemorySegment data, long block, Random random) {
        switch (type) {
            case F32 -> data.set(FLOAT, block, (float) random.nextGaussian());
            case F16 -> data.set(SHORT, block, anyHalf(random));
            case BF16 ->
                data.set(SHORT, block, (short) (Float.floatToRawIntBits((float) random.nextGaussian()) >>> 16));
            case Q8_0, Q4_0, Q5_0 -> data.set(SHORT, block, half(random));
            case Q4_1, Q5_1, Q4_K, Q5_K -> {
                data.set(SHORT, block, half(random));
                data.set(SHORT, block + 2, half(random));
            }
            case Q6_K -> data.set(SHORT, block + 208, half(random));
        }
    }

    private static short half(Random random) {
        return Float.floatToFloat16((float) random.nextGaussian() / 16);
    }

    /** Normal, subnormal or zero. */
    private static short anyHalf(Random random) {
        return switch (random.nextInt(8)) {
            case 0 -> (short) (random.nextInt(0x400) | random.nextInt(2) << 15);
            case 1 -> 0;
            default -> Float.floatToFloat16((float) random.nextGaussian());
        };
    }

    static float[] vector(int length, Random random) {
        float[] x = new float[length];
        for (int i = 0; i < length; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
    }
}
