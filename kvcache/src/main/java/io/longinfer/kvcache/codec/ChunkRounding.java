package io.longinfer.kvcache.codec;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.ClosedChunks;
import io.longinfer.kernels.quantization.QuantizationKernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Rounds chunks to a {@link KvPrecision} as they close, before anything else sees them. What comes in is never changed: results
 * go to a buffer, which grows to the largest block and is then reused. Not thread-safe.
 *
 * <p>int8 and int4 chunks are encoded and decoded. bf16 rounds each number to 8 significant bits, to nearest even: of numbers
 * that are already fp16, not of the float they once were, and within the range of fp16. Magnitudes from 65,408 on, which bf16
 * would round to 65,536, become 65,280, the largest number of both formats; infinities and NaN stay.
 *
 * <p>Decoding an encoded chunk and encoding it again gives other numbers, so a record of the same precision must be made of
 * the chunk as it came: see {@link #recordSource}.
 */
public final class ChunkRounding {
    private static final ValueLayout.OfShort FP16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** The low bits of a float that bf16 does not have. */
    private static final int LOW_BITS = 0xffff;

    /** The largest number that both bf16 and fp16 have. */
    private static final float LARGEST = 65280f;

    private final ChunkLayout layout;
    private final KvPrecision precision;
    private final ChunkCodec codec;
    private final MemorySegment record;
    private MemorySegment rounded = MemorySegment.ofBuffer(ByteBuffer.allocateDirect(0));

    public ChunkRounding(ChunkLayout layout, KvPrecision precision, QuantizationKernels kernels) {
        this.layout = layout;
        this.precision = precision;
        codec = new ChunkCodec(layout, new Codec(precision.recordPrecision(), false), kernels);
        record = MemorySegment.ofBuffer(ByteBuffer.allocateDirect(codec.maxSizeBytes()));
    }

    /**
     * The chunks, rounded; valid until the next call.
     *
     * @throws io.longinfer.kernels.quantization.NotFiniteException if a chunk holds an infinity or a NaN and the precision is
     *     int8 or int4
     */
    public ClosedChunks round(ClosedChunks closed, int kvHeads) {
        if (precision == KvPrecision.F16) {
            return closed;
        }
        long stride = (long) closed.count() * layout.sizeBytes();
        if (rounded.byteSize() < kvHeads * stride) {
            rounded = MemorySegment.ofBuffer(ByteBuffer.allocateDirect(Math.toIntExact(kvHeads * stride)));
        }
        for (int head = 0; head < kvHeads; head++) {
            for (int i = 0; i < closed.count(); i++) {
                long within = (long) i * layout.sizeBytes();
                round(closed.memory(), head * closed.headStrideBytes() + within, rounded, head * stride + within);
            }
        }
        return new ClosedChunks(closed.first(), closed.count(), rounded, stride);
    }

    /** Which of both a codec must encode, so that its records decode to {@code rounded} where they can. */
    public ClosedChunks recordSource(Codec records, ClosedChunks closed, ClosedChunks rounded) {
        return records.precision() == precision.recordPrecision() && precision != KvPrecision.BF16 ? closed : rounded;
    }

    private void round(MemorySegment from, long fromOffset, MemorySegment to, long toOffset) {
        if (precision == KvPrecision.BF16) {
            for (long at = 0; at < layout.sizeBytes(); at += Short.BYTES) {
                to.set(FP16, toOffset + at, bf16(from.get(FP16, fromOffset + at)));
            }
            return;
        }
        long lengths = codec.encode(from, fromOffset, record, 0);
        codec.decode(record, 0, RecordLengths.prefixBytes(lengths), RecordLengths.sizeBytes(lengths), to, toOffset);
    }

    /** The bits of the fp16 number nearest to one that has 8 significant bits. */
    private static short bf16(short bits) {
        float x = Float.float16ToFloat(bits);
        if (!Float.isFinite(x)) {
            return bits;
        }
        int exact = Float.floatToRawIntBits(x);
        int nearest = exact + (LOW_BITS >> 1) + (exact >>> 16 & 1) & ~LOW_BITS;
        float y = Float.intBitsToFloat(nearest);
        return Float.floatToFloat16(Math.clamp(y, -LARGEST, LARGEST));
    }
}
