package io.longinfer.model.dummy;

import io.longinfer.kernels.quantization.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/** Fills memory with blocks of random weights of mean 0 and variance 1 / columns. Not thread-safe. */
final class RandomFill {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Standard deviations of random integers from -32768 to 32767, -128 to 127 and -8 to 7. */
    private static final double SHORT_SPREAD = 65536 / Math.sqrt(12);

    private static final double BYTE_SPREAD = 256 / Math.sqrt(12);
    private static final double NIBBLE_SPREAD = 16 / Math.sqrt(12);

    private final TensorType type;
    private final SplittableRandom random;

    RandomFill(TensorType type, long seed) {
        if (type != TensorType.F16 && type != TensorType.Q8_0 && type != TensorType.Q4_0) {
            throw new IllegalArgumentException("dummy weights are F16, Q8_0 or Q4_0, not " + type);
        }
        this.type = type;
        random = new SplittableRandom(seed);
    }

    TensorType type() {
        return type;
    }

    /** Fills whole blocks. */
    void fill(MemorySegment data, int columns) {
        double spread = 1 / Math.sqrt(columns);
        switch (type) {
            case F16 -> halves(data, (float) (spread / SHORT_SPREAD));
            case Q8_0 -> blocks(data, Float.floatToFloat16((float) (spread / BYTE_SPREAD)));
            default -> blocks(data, Float.floatToFloat16((float) (spread / NIBBLE_SPREAD)));
        }
    }

    private void halves(MemorySegment data, float scale) {
        long bits = 0;
        for (long at = 0; at < data.byteSize(); at += Short.BYTES) {
            bits = at % Long.BYTES == 0 ? random.nextLong() : bits >>> 16;
            data.set(SHORT, at, Float.floatToFloat16((short) bits * scale));
        }
    }

    /** A scale, then so many random bytes, which hold signed bytes or two nibbles each. */
    private void blocks(MemorySegment data, short scale) {
        int blockBytes = type.blockBytes();
        for (long block = 0; block < data.byteSize(); block += blockBytes) {
            data.set(SHORT, block, scale);
            for (long at = block + Short.BYTES; at < block + blockBytes; at += Long.BYTES) {
                data.set(LONG, at, random.nextLong());
            }
        }
    }
}
