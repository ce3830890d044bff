package io.longinfer.kvcache.codec;

import io.longinfer.kernels.attention.ChunkLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Random;

/**
 * Chunks like those of a model: keys around a mean of each channel that all tokens share, a few channels with a mean and a
 * spread several times larger; values of tokens of different size.
 */
final class RandomChunks {
    private static final ValueLayout.OfShort FP16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Random random;
    private final ChunkLayout layout;
    private final float[] mean;
    private final float[] spread;

    RandomChunks(Random random, ChunkLayout layout) {
        this.random = random;
        this.layout = layout;
        mean = new float[layout.headDim()];
        spread = new float[layout.headDim()];
        for (int j = 0; j < mean.length; j++) {
            boolean outlier = j % 16 == 5;
            mean[j] = (float) random.nextGaussian() * (outlier ? 10 : 1);
            spread[j] = outlier ? 3 : 0.7f;
        }
    }

    /** What a channel's keys scatter around. */
    float mean(int channel) {
        return mean[channel];
    }

    /** How far they scatter: their standard deviation. */
    float spread(int channel) {
        return spread[channel];
    }

    /** New chunks, one after the other. */
    MemorySegment fill(int count) {
        MemorySegment chunks = Arena.ofAuto().allocate((long) count * layout.sizeBytes(), 4096);
        for (int c = 0; c < count; c++) {
            long chunk = (long) c * layout.sizeBytes();
            for (int t = 0; t < ChunkLayout.TOKENS; t++) {
                float size = (float) Math.exp(0.5 * random.nextGaussian());
                for (int j = 0; j < mean.length; j++) {
                    float key = mean[j] + spread[j] * (float) random.nextGaussian();
                    chunks.set(FP16, chunk + layout.keyOffset(j, t), Float.floatToFloat16(key));
                    float value = size * (float) random.nextGaussian();
                    chunks.set(FP16, chunk + layout.valueOffset(t, j), Float.floatToFloat16(value));
                }
            }
        }
        return chunks;
    }
}
