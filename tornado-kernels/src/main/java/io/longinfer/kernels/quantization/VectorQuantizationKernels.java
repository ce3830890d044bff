package io.longinfer.kernels.quantization;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2B;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.MAX;
import static jdk.incubator.vector.VectorOperators.MIN;
import static jdk.incubator.vector.VectorOperators.XOR;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;

import io.longinfer.kernels.attention.ChunkLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Chunk quantisation with the Vector API. Stateless and thread-safe.
 *
 * <p>A row of keys, 16 fp16 numbers, is one vector of 256 bits, whatever the processor has: read as 8 ints, each holds an
 * even number in its low half and an odd one in its high half, as a byte of codes does, so that pairs are taken apart and
 * put together by shifts alone. Numbers are computed as floats times 2^-112, as in {@link
 * io.longinfer.kernels.vector.HalfColumns}: the bits of fp16 are then those of the float from bit 13 on.
 *
 * <p>Heads whose channels are no multiple of 16 are left to the scalar twin.
 */
public final class VectorQuantizationKernels implements QuantizationKernels {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final VectorSpecies<Short> SHORTS = ShortVector.SPECIES_256;
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_256;
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_256;
    private static final VectorSpecies<Byte> BYTES = ByteVector.SPECIES_64;

    /** Numbers taken at a time, in pairs. */
    private static final int COUNT = SHORTS.length();

    /** Of a float times 2^-112, when an fp16 number's sign has been extended over the exponent's upper bits. */
    private static final int SIGN_AND_NUMBER = 0x8FFFE000;

    /** 2^56: its square takes a decoded number to its value. */
    private static final float HALF_SCALE = 0x1p56f;

    /** Added to a small number, it rounds it to an integer and leaves that in the lowest bits. */
    private static final float ROUND = 0x1p23f;

    private final ScalarQuantizationKernels scalar = new ScalarQuantizationKernels();

    @Override
    public void quantize(
            QuantizedChunkLayout layout,
            MemorySegment chunk,
            long chunkOffset,
            MemorySegment quantized,
            long quantizedOffset,
            boolean refined) {
        int headDim = layout.chunk().headDim();
        if (headDim % COUNT != 0) {
            scalar.quantize(layout, chunk, chunkOffset, quantized, quantizedOffset, refined);
            return;
        }
        parameters(layout.chunk(), 0, headDim, COUNT, chunk, chunkOffset, quantized, quantizedOffset);
        long values = chunkOffset + layout.chunk().keysBytes();
        parameters(layout.chunk(), headDim, COUNT, headDim, chunk, values, quantized, quantizedOffset);

        long low = refined ? layout.nibblesBytes() : 0;
        long high = quantizedOffset + layout.parametersBytes();
        encode(headDim, 1, chunk, chunkOffset, quantized, quantizedOffset, high, low);
        long valueParameters = quantizedOffset + layout.groupOffset(headDim);
        encode(
                headDim,
                headDim / COUNT,
                chunk,
                values,
                quantized,
                valueParameters,
                high + layout.nibblesBytes() / 2,
                low);
    }

    private static void parameters(
            ChunkLayout layout,
            int firstGroup,
            int rows,
            int columns,
            MemorySegment chunk,
            long from,
            MemorySegment quantized,
            long quantizedOffset) {
        for (int r = 0; r < rows; r++) {
            ShortVector min = ShortVector.broadcast(SHORTS, Short.MAX_VALUE);
            ShortVector max = ShortVector.broadcast(SHORTS, Short.MIN_VALUE);
            long row = from + (long) r * columns * Short.BYTES;
            for (int c = 0; c < columns; c += COUNT) {
                ShortVector bits =
                        ShortVector.fromMemorySegment(SHORTS, chunk, row + (long) c * Short.BYTES, LITTLE_ENDIAN);
                ShortVector ordered = bits.lanewise(XOR, bits.lanewise(ASHR, 15).and((short) 0x7fff));
                min = min.min(ordered);
                max = max.max(ordered);
            }
            short least = min.reduceLanes(MIN);
            short most = max.reduceLanes(MAX);
            if (!GroupParameters.finite(least, most)) {
                throw new NotFiniteException(layout, firstGroup + r);
            }
            long at = quantizedOffset + (long) (firstGroup + r) * QuantizedChunkLayout.GROUP_BYTES;
            quantized.set(INT, at, GroupParameters.of(least, most));
        }
    }

    /**
     * Writes the codes of {@code headDim} rows of 16 numbers, of which {@code rowsPerGroup} share parameters; low halves lie
     * {@code lowDistance} behind high ones, 0 for none.
     */
    private static void encode(
            int headDim,
            int rowsPerGroup,
            MemorySegment chunk,
            long from,
            MemorySegment quantized,
            long parametersAt,
            long high,
            long lowDistance) {
        for (int i = 0; i < headDim; i++) {
            int group = i / rowsPerGroup;
            int parameters = quantized.get(INT, parametersAt + (long) group * QuantizedChunkLayout.GROUP_BYTES);
            FloatVector offset = FloatVector.broadcast(FLOATS, GroupParameters.offset(parameters));
            FloatVector inverse = FloatVector.broadcast(FLOATS, GroupParameters.inverse(parameters));
            long at = (long) i * COUNT;
            IntVector pairs = ShortVector.fromMemorySegment(SHORTS, chunk, from + at * Short.BYTES, LITTLE_ENDIAN)
                    .reinterpretAsInts();
            IntVector even = pairs.lanewise(LSHL, 16)
                    .lanewise(ASHR, 3)
                    .and(SIGN_AND_NUMBER)
                    .reinterpretAsFloats()
                    .mul(HALF_SCALE)
                    .mul(HALF_SCALE)
                    .sub(offset)
                    .mul(inverse)
                    .add(ROUND)
                    .reinterpretAsInts();
            IntVector odd = pairs.lanewise(ASHR, 3)
                    .and(SIGN_AND_NUMBER)
                    .reinterpretAsFloats()
                    .mul(HALF_SCALE)
                    .mul(HALF_SCALE)
                    .sub(offset)
                    .mul(inverse)
                    .add(ROUND)
                    .reinterpretAsInts();
            even.lanewise(LSHR, 4)
                    .and(15)
                    .or(odd.and(0xf0))
                    .convertShape(I2B, BYTES, 0)
                    .reinterpretAsBytes()
                    .intoMemorySegment(quantized, high + at / 2, LITTLE_ENDIAN);
            if (lowDistance != 0) {
                even.and(15)
                        .or(odd.lanewise(LSHL, 4).and(0xf0))
                        .convertShape(I2B, BYTES, 0)
                        .reinterpretAsBytes()
                        .intoMemorySegment(quantized, high + lowDistance + at / 2, LITTLE_ENDIAN);
            }
        }
    }

    @Override
    public void dequantize(
            QuantizedChunkLayout layout,
            MemorySegment quantized,
            long quantizedOffset,
            boolean refined,
            MemorySegment chunk,
            long chunkOffset) {
        int headDim = layout.chunk().headDim();
        if (headDim % COUNT != 0) {
            scalar.dequantize(layout, quantized, quantizedOffset, refined, chunk, chunkOffset);
            return;
        }
        long values = chunkOffset + layout.chunk().keysBytes();
        long valueParameters = quantizedOffset + layout.groupOffset(headDim);
        long high = quantizedOffset + layout.parametersBytes();
        long valueHigh = high + layout.nibblesBytes() / 2;
        long low = layout.nibblesBytes();
        if (refined) {
            decodeBytes(headDim, 1, quantized, quantizedOffset, high, low, chunk, chunkOffset);
            decodeBytes(headDim, headDim / COUNT, quantized, valueParameters, valueHigh, low, chunk, values);
        } else {
            decodeNibbles(headDim, 1, quantized, quantizedOffset, high, chunk, chunkOffset);
            decodeNibbles(headDim, headDim / COUNT, quantized, valueParameters, valueHigh, chunk, values);
        }
    }

    private static void decodeBytes(
            int headDim,
            int rowsPerGroup,
            MemorySegment quantized,
            long parametersAt,
            long high,
            long lowDistance,
            MemorySegment chunk,
            long to) {
        for (int i = 0; i < headDim; i++) {
            int group = i / rowsPerGroup;
            int parameters = quantized.get(INT, parametersAt + (long) group * QuantizedChunkLayout.GROUP_BYTES);
            FloatVector offset = FloatVector.broadcast(FLOATS, scaledOffset(parameters));
            FloatVector step = FloatVector.broadcast(FLOATS, scaledStep(parameters));
            long at = (long) i * COUNT;
            IntVector h = ByteVector.fromMemorySegment(BYTES, quantized, high + at / 2, LITTLE_ENDIAN)
                    .convertShape(ZERO_EXTEND_B2I, INTS, 0)
                    .reinterpretAsInts();
            IntVector l = ByteVector.fromMemorySegment(BYTES, quantized, high + lowDistance + at / 2, LITTLE_ENDIAN)
                    .convertShape(ZERO_EXTEND_B2I, INTS, 0)
                    .reinterpretAsInts();
            IntVector even = h.and(15)
                    .lanewise(LSHL, 4)
                    .or(l.and(15))
                    .convertShape(I2F, FLOATS, 0)
                    .reinterpretAsFloats()
                    .mul(step)
                    .add(offset)
                    .reinterpretAsInts();
            IntVector odd = h.and(0xf0)
                    .or(l.lanewise(LSHR, 4))
                    .convertShape(I2F, FLOATS, 0)
                    .reinterpretAsFloats()
                    .mul(step)
                    .add(offset)
                    .reinterpretAsInts();
            // To nearest even: half a unit of bit 13, a little less if that bit is even.
            IntVector e = even.add(even.lanewise(LSHR, 13).and(1)).add(0xfff);
            IntVector o = odd.add(odd.lanewise(LSHR, 13).and(1)).add(0xfff);
            e.lanewise(LSHR, 13)
                    .and(0x7fff)
                    .or(even.lanewise(LSHR, 16).and(0x8000))
                    .or(o.lanewise(LSHL, 3).and(0x7fff0000))
                    .or(odd.and(0x80000000))
                    .reinterpretAsShorts()
                    .intoMemorySegment(chunk, to + at * Short.BYTES, LITTLE_ENDIAN);
        }
    }

    private static void decodeNibbles(
            int headDim,
            int rowsPerGroup,
            MemorySegment quantized,
            long parametersAt,
            long high,
            MemorySegment chunk,
            long to) {
        for (int i = 0; i < headDim; i++) {
            int group = i / rowsPerGroup;
            int parameters = quantized.get(INT, parametersAt + (long) group * QuantizedChunkLayout.GROUP_BYTES);
            float scaledStep = scaledStep(parameters);
            FloatVector offset =
                    FloatVector.broadcast(FLOATS, scaledOffset(parameters) + scaledStep * GroupParameters.MIDDLE);
            FloatVector step = FloatVector.broadcast(FLOATS, scaledStep * 16);
            long at = (long) i * COUNT;
            IntVector h = ByteVector.fromMemorySegment(BYTES, quantized, high + at / 2, LITTLE_ENDIAN)
                    .convertShape(ZERO_EXTEND_B2I, INTS, 0)
                    .reinterpretAsInts();
            IntVector even = h.and(15)
                    .convertShape(I2F, FLOATS, 0)
                    .reinterpretAsFloats()
                    .mul(step)
                    .add(offset)
                    .reinterpretAsInts();
            IntVector odd = h.lanewise(LSHR, 4)
                    .convertShape(I2F, FLOATS, 0)
                    .reinterpretAsFloats()
                    .mul(step)
                    .add(offset)
                    .reinterpretAsInts();
            IntVector e = even.add(even.lanewise(LSHR, 13).and(1)).add(0xfff);
            IntVector o = odd.add(odd.lanewise(LSHR, 13).and(1)).add(0xfff);
            e.lanewise(LSHR, 13)
                    .and(0x7fff)
                    .or(even.lanewise(LSHR, 16).and(0x8000))
                    .or(o.lanewise(LSHL, 3).and(0x7fff0000))
                    .or(odd.and(0x80000000))
                    .reinterpretAsShorts()
                    .intoMemorySegment(chunk, to + at * Short.BYTES, LITTLE_ENDIAN);
        }
    }

    private static float scaledOffset(int parameters) {
        return Float.intBitsToFloat(parameters << 16 >> 3 & SIGN_AND_NUMBER);
    }

    private static float scaledStep(int parameters) {
        return Float.intBitsToFloat(parameters >> 3 & SIGN_AND_NUMBER);
    }
}
