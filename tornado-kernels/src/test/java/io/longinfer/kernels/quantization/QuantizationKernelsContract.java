package io.longinfer.kernels.quantization;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.attention.ChunkLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every implementation of chunk quantisation must do. */
abstract class QuantizationKernelsContract {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    /** Odd starts: nothing may assume alignment. */
    private static final long FROM = 6;

    private static final long TO = 3;

    abstract QuantizationKernels kernels();

    @ParameterizedTest
    @EnumSource(Numbers.class)
    void isOffByHalfAStepAtMost(Numbers kind) {
        for (int headDim = 8; headDim <= 256; headDim += 8) {
            ChunkLayout chunkLayout = new ChunkLayout(headDim);
            QuantizedChunkLayout layout = new QuantizedChunkLayout(chunkLayout);
            MemorySegment chunk = kind.fill(new Random(headDim), chunkLayout);
            MemorySegment quantized = Arena.ofAuto().allocate(TO + layout.sizeBytes());
            kernels().quantize(layout, chunk, FROM, quantized, TO, true);
            for (boolean refined : new boolean[] {true, false}) {
                MemorySegment decoded = Arena.ofAuto().allocate(FROM + chunkLayout.sizeBytes());
                kernels().dequantize(layout, quantized, TO, refined, decoded, FROM);
                assertClose(layout, chunk, decoded, quantized, refined ? 0.5 : 8);
            }
        }
    }

    private static void assertClose(
            QuantizedChunkLayout layout,
            MemorySegment chunk,
            MemorySegment decoded,
            MemorySegment quantized,
            double steps) {
        int headDim = layout.chunk().headDim();
        int keys = headDim * ChunkLayout.TOKENS;
        for (int i = 0; i < 2 * keys; i++) {
            int group = i < keys ? i / ChunkLayout.TOKENS : headDim + (i - keys) / headDim;
            double step = half(quantized, TO + layout.groupOffset(group) + Short.BYTES);
            float expected = half(chunk, FROM + 2L * i);
            float found = half(decoded, FROM + 2L * i);
            // The code's rounding, of the largest code's 2^-16, and that of the result to fp16.
            double bound = step * steps * 1.001 + (step == 0 ? 0 : Math.max(Math.abs(found) * 0x1p-11, 0x1p-25));
            assertEquals(expected, found, bound, "head of " + headDim + ", number " + i);
        }
    }

    @ParameterizedTest
    @EnumSource(Numbers.class)
    void givesTheBitsOfTheScalarTwin(Numbers kind) {
        ScalarQuantizationKernels scalar = new ScalarQuantizationKernels();
        for (int headDim = 8; headDim <= 256; headDim += 8) {
            ChunkLayout chunkLayout = new ChunkLayout(headDim);
            QuantizedChunkLayout layout = new QuantizedChunkLayout(chunkLayout);
            MemorySegment chunk = kind.fill(new Random(1000 + headDim), chunkLayout);
            for (boolean refined : new boolean[] {true, false}) {
                MemorySegment expected = Arena.ofAuto().allocate(layout.sizeBytes() + 1);
                MemorySegment found = Arena.ofAuto().allocate(layout.sizeBytes() + 1);
                scalar.quantize(layout, chunk, FROM, expected, 0, refined);
                kernels().quantize(layout, chunk, FROM, found, 0, refined);
                assertEquals(-1, expected.mismatch(found), "quantized, head of " + headDim);

                MemorySegment expectedChunk = Arena.ofAuto().allocate(chunkLayout.sizeBytes() + 1);
                MemorySegment foundChunk = Arena.ofAuto().allocate(chunkLayout.sizeBytes() + 1);
                scalar.dequantize(layout, expected, 0, refined, expectedChunk, 0);
                kernels().dequantize(layout, found, 0, refined, foundChunk, 0);
                assertEquals(-1, expectedChunk.mismatch(foundChunk), "decoded, head of " + headDim);
            }
        }
    }

    @Test
    void keepsConstantGroupsExactly() {
        ChunkLayout chunkLayout = new ChunkLayout(64);
        QuantizedChunkLayout layout = new QuantizedChunkLayout(chunkLayout);
        MemorySegment chunk = Numbers.CONSTANT.fill(new Random(4), chunkLayout);
        MemorySegment quantized = Arena.ofAuto().allocate(layout.sizeBytes());
        MemorySegment decoded = Arena.ofAuto().allocate(chunkLayout.sizeBytes());
        kernels().quantize(layout, chunk, FROM, quantized, 0, true);
        for (boolean refined : new boolean[] {true, false}) {
            kernels().dequantize(layout, quantized, 0, refined, decoded, 0);
            assertEquals(-1, chunk.asSlice(FROM).mismatch(decoded));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0x7c00, 0xfc00, 0x7e01, 0xfe01})
    void refusesWhatIsNotFinite(int bits) {
        for (int headDim : new int[] {24, 64}) {
            ChunkLayout chunkLayout = new ChunkLayout(headDim);
            QuantizedChunkLayout layout = new QuantizedChunkLayout(chunkLayout);
            MemorySegment quantized = Arena.ofAuto().allocate(layout.sizeBytes());
            for (int i = 0; i < 2 * headDim * ChunkLayout.TOKENS; i += 13) {
                MemorySegment chunk = Numbers.GAUSSIAN.fill(new Random(5), chunkLayout);
                chunk.set(SHORT, FROM + 2L * i, (short) bits);
                NotFiniteException e = assertThrows(
                        NotFiniteException.class, () -> kernels().quantize(layout, chunk, FROM, quantized, 0, true));
                int token = i - headDim * ChunkLayout.TOKENS;
                String where = token < 0 ? "keys, channel " + i / 16 : "values, token " + token / headDim;
                assertTrue(e.getMessage().startsWith(where + ":"), e.getMessage());
            }
        }
    }

    private static float half(MemorySegment memory, long offset) {
        return Float.float16ToFloat(memory.get(SHORT, offset));
    }

    /** Kinds of keys and values. */
    enum Numbers {
        GAUSSIAN,
        /** Any finite fp16: subnormals, both zeros, the largest. */
        ANY_BITS,
        /** Zeros and the smallest subnormals, of both signs. */
        NEAR_ZERO,
        /** Subnormals and numbers a little larger: steps that fp16 holds badly. */
        SMALL,
        /** Both extremes of fp16, and what is next to them. */
        LARGEST,
        /** The chunk is one number. */
        CONSTANT;

        MemorySegment fill(Random random, ChunkLayout layout) {
            MemorySegment chunk = Arena.ofAuto().allocate(FROM + layout.sizeBytes());
            short constant = Float.floatToFloat16((float) random.nextGaussian());
            for (long at = FROM; at < chunk.byteSize(); at += Short.BYTES) {
                chunk.set(SHORT, at, this == CONSTANT ? constant : bits(random));
            }
            return chunk;
        }

        private short bits(Random random) {
            int sign = random.nextBoolean() ? 0x8000 : 0;
            return (short)
                    switch (this) {
                        case GAUSSIAN, CONSTANT -> Float.floatToFloat16((float) random.nextGaussian());
                        case ANY_BITS -> random.nextInt(0x7c00) | sign;
                        case NEAR_ZERO -> random.nextInt(3) | sign;
                        case SMALL -> random.nextInt(0x0c00) | sign;
                        case LARGEST -> 0x7bff - random.nextInt(3) | sign;
                    };
        }
    }
}
