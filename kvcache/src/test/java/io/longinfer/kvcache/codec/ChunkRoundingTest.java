package io.longinfer.kvcache.codec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.ClosedChunks;
import io.longinfer.kernels.device.CpuKernels;
import io.longinfer.kernels.quantization.NotFiniteException;
import io.longinfer.kernels.quantization.ScalarQuantizationKernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ChunkRoundingTest {
    private static final ValueLayout.OfShort FP16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int HEADS = 3;

    private final long seed = new Random().nextLong();

    @Test
    void f16IsLeftAlone() {
        ClosedChunks closed = chunks(64, 2);
        assertSame(closed, rounding(64, KvPrecision.F16).round(closed, HEADS));
    }

    @ParameterizedTest
    @EnumSource(KvPrecision.class)
    void whatComesInStaysAndWhatComesOutIsWhatTheScalarTwinSays(KvPrecision precision) {
        for (int headDim : new int[] {8, 40, 64, 128}) {
            for (int count : new int[] {1, 4, 13}) {
                ClosedChunks closed = chunks(headDim, count);
                byte[] before = closed.memory().toArray(ValueLayout.JAVA_BYTE);
                ClosedChunks rounded = rounding(headDim, precision).round(closed, HEADS);
                assertArrayEquals(before, closed.memory().toArray(ValueLayout.JAVA_BYTE), "changed in place");
                assertEquals(closed.first(), rounded.first());
                assertEquals(closed.count(), rounded.count());
                check(headDim, precision, closed, rounded);
            }
        }
    }

    @Test
    void aBufferThatWasLongerIsReused() {
        ChunkRounding rounding = rounding(64, KvPrecision.INT8);
        rounding.round(chunks(64, 13), HEADS);
        ClosedChunks closed = chunks(64, 4);
        check(64, KvPrecision.INT8, closed, rounding.round(closed, HEADS));
    }

    @Test
    void bf16OfEveryNumberOfFp16() {
        // A head of 8 has 256 numbers a chunk: 256 chunks have all.
        ChunkLayout layout = new ChunkLayout(8);
        MemorySegment all = MemorySegment.ofArray(new short[1 << 16]);
        for (int bits = 0; bits < 1 << 16; bits++) {
            all.set(FP16, 2L * bits, (short) bits);
        }
        ClosedChunks rounded = rounding(8, KvPrecision.BF16)
                .round(new ClosedChunks(0, (int) (all.byteSize() / layout.sizeBytes()), all, all.byteSize()), 1);
        for (int bits = 0; bits < 1 << 16; bits++) {
            assertEquals(bf16((short) bits), rounded.memory().get(FP16, 2L * bits), "of bits " + bits);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = KvPrecision.class,
            names = {"INT8", "INT4"})
    void recordsOfTheSamePrecisionDecodeToWhatWasRounded(KvPrecision precision) {
        ChunkLayout layout = new ChunkLayout(64);
        ClosedChunks closed = chunks(64, 4);
        ChunkRounding rounding = rounding(64, precision);
        ClosedChunks rounded = rounding.round(closed, HEADS);
        for (boolean lz4 : new boolean[] {false, true}) {
            Codec name = new Codec(precision.recordPrecision(), lz4);
            ChunkCodec codec = new ChunkCodec(layout, name, CpuKernels.fastest().quantization());
            ClosedChunks source = rounding.recordSource(name, closed, rounded);
            MemorySegment record = MemorySegment.ofArray(new byte[codec.maxSizeBytes()]);
            MemorySegment chunk = MemorySegment.ofArray(new short[layout.sizeBytes() / 2]);
            long lengths = codec.encode(source.memory(), layout.sizeBytes(), record, 0);
            codec.decode(record, 0, RecordLengths.prefixBytes(lengths), RecordLengths.sizeBytes(lengths), chunk, 0);
            assertEquals(
                    -1,
                    chunk.mismatch(rounded.memory().asSlice(layout.sizeBytes(), layout.sizeBytes())),
                    () -> name + ", seed " + seed);
        }
    }

    @Test
    void otherRecordsAreMadeOfWhatWasRounded() {
        ClosedChunks closed = chunks(64, 1);
        for (KvPrecision precision : KvPrecision.values()) {
            ChunkRounding rounding = rounding(64, precision);
            ClosedChunks rounded = rounding.round(closed, HEADS);
            for (Precision records : Precision.values()) {
                if (records == Precision.FP16 || records != precision.recordPrecision()) {
                    assertSame(rounded, rounding.recordSource(new Codec(records, false), closed, rounded));
                }
            }
        }
    }

    @Test
    void infinitiesStayInBf16AndAreRefusedByCodes() {
        ClosedChunks closed = chunks(64, 1);
        closed.memory().set(FP16, 0, Float.floatToFloat16(Float.NEGATIVE_INFINITY));
        ClosedChunks rounded = rounding(64, KvPrecision.BF16).round(closed, HEADS);
        assertEquals(
                Float.NEGATIVE_INFINITY, Float.float16ToFloat(rounded.memory().get(FP16, 0)));
        ChunkRounding int8 = rounding(64, KvPrecision.INT8);
        assertThrows(NotFiniteException.class, () -> int8.round(closed, HEADS));
    }

    private static ChunkRounding rounding(int headDim, KvPrecision precision) {
        return new ChunkRounding(
                new ChunkLayout(headDim), precision, CpuKernels.fastest().quantization());
    }

    /** {@code [heads][count + 1]} chunks, the last of each head no part of it. */
    private ClosedChunks chunks(int headDim, int count) {
        ChunkLayout layout = new ChunkLayout(headDim);
        MemorySegment memory = new RandomChunks(new Random(seed), layout).fill(HEADS * (count + 1));
        return new ClosedChunks(7, count, memory, (count + 1L) * layout.sizeBytes());
    }

    private void check(int headDim, KvPrecision precision, ClosedChunks closed, ClosedChunks rounded) {
        ChunkLayout layout = new ChunkLayout(headDim);
        MemorySegment expected = MemorySegment.ofArray(new short[layout.sizeBytes() / 2]);
        for (int head = 0; head < HEADS; head++) {
            for (int i = 0; i < closed.count(); i++) {
                long from = head * closed.headStrideBytes() + (long) i * layout.sizeBytes();
                long to = head * rounded.headStrideBytes() + (long) i * layout.sizeBytes();
                reference(layout, precision, closed.memory().asSlice(from, layout.sizeBytes()), expected);
                assertEquals(
                        -1,
                        expected.mismatch(rounded.memory().asSlice(to, layout.sizeBytes())),
                        () -> precision + ", head of " + headDim + ", seed " + seed);
            }
        }
    }

    private static void reference(
            ChunkLayout layout, KvPrecision precision, MemorySegment chunk, MemorySegment result) {
        if (precision.recordPrecision() == Precision.FP16) {
            for (long at = 0; at < layout.sizeBytes(); at += 2) {
                short bits = chunk.get(FP16, at);
                result.set(FP16, at, precision == KvPrecision.F16 ? bits : bf16(bits));
            }
            return;
        }
        ChunkCodec codec =
                new ChunkCodec(layout, new Codec(precision.recordPrecision(), false), new ScalarQuantizationKernels());
        MemorySegment record = MemorySegment.ofArray(new byte[codec.maxSizeBytes()]);
        long lengths = codec.encode(chunk, 0, record, 0);
        codec.decode(record, 0, RecordLengths.prefixBytes(lengths), RecordLengths.sizeBytes(lengths), result, 0);
    }

    /** In decimal: rounded to 8 binary digits by dividing by the right power of two. */
    private static short bf16(short bits) {
        float x = Float.float16ToFloat(bits);
        if (!Float.isFinite(x) || x == 0) {
            return bits;
        }
        BigDecimal unit = new BigDecimal(2).pow(Math.getExponent(x) - 7, MathContext.DECIMAL128);
        BigDecimal units =
                new BigDecimal(x).divide(unit, MathContext.DECIMAL128).setScale(0, RoundingMode.HALF_EVEN);
        float rounded = units.multiply(unit).floatValue();
        assertTrue(Math.abs(rounded - x) <= Math.abs(x) / 256, "half of the last of 8 digits");
        return Float.floatToFloat16(Math.clamp(rounded, -65280f, 65280f));
    }
}
