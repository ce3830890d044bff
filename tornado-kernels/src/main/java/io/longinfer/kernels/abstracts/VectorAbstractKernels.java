package io.longinfer.kernels.abstracts;

import static io.longinfer.kernels.vector.HalfColumns.HALF_SCALE;
import static io.longinfer.kernels.vector.Lanes.COUNT;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.vector.HalfColumns;
import io.longinfer.kernels.vector.Lanes;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Abstracts with the Vector API. Thread-safe: each thread has scratch of its own.
 *
 * <p>A query is split into its negative and its positive part, so that a bound is one product of a row of twice the head's
 * length with a group as it lies in memory: {@code U = min(q, 0) . minima + max(q, 0) . maxima}. Of each pair of terms one
 * is a true zero, so a bound rounds as often as a score does: both are off by at most {@code headDim * 2^-24} times the sum
 * of their terms' magnitudes, and no score exceeds its bound by more than that, twice.
 */
public final class VectorAbstractKernels implements AbstractKernels {
    private static final ValueLayout.OfShort FP16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int COLUMN_BYTES = AbstractLayout.CHUNKS * Short.BYTES;
    private static final int COLUMNS_PER_GROUP = AbstractLayout.CHUNKS / COUNT;

    private final ThreadLocal<Scratch> scratches = ThreadLocal.withInitial(Scratch::new);

    /** For tokens' codes where a vector does not take those of half a chunk. */
    private final AbstractKernels narrow = new ScalarAbstractKernels();

    /** Whether this machine's vectors are wide enough; if not, take {@link ScalarAbstractKernels}. */
    public static boolean supported() {
        return Lanes.supported();
    }

    @Override
    public void update(
            ChunkLayout layout,
            MemorySegment chunk,
            long chunkOffset,
            MemorySegment group,
            long groupOffset,
            int index) {
        long minimum = groupOffset + (long) index * Short.BYTES;
        long maximum = minimum + (long) layout.headDim() * COLUMN_BYTES;
        for (int j = 0; j < layout.headDim(); j++) {
            long row = chunkOffset + layout.keyOffset(j, 0);
            ShortVector min = ShortVector.broadcast(Lanes.SHORTS, Short.MAX_VALUE);
            ShortVector max = ShortVector.broadcast(Lanes.SHORTS, Short.MIN_VALUE);
            for (int t = 0; t < ChunkLayout.TOKENS; t += COUNT) {
                long from = row + (long) t * Short.BYTES;
                ShortVector bits = ShortVector.fromMemorySegment(Lanes.SHORTS, chunk, from, ByteOrder.LITTLE_ENDIAN);
                // As integers, positive fp16 numbers are in order; complementing the magnitude puts negative ones in
                // order.
                ShortVector ordered = bits.lanewise(
                        VectorOperators.XOR,
                        bits.lanewise(VectorOperators.ASHR, 15).and((short) 0x7fff));
                min = min.min(ordered);
                max = max.max(ordered);
            }
            group.set(FP16, minimum + (long) j * COLUMN_BYTES, unordered(min.reduceLanes(VectorOperators.MIN)));
            group.set(FP16, maximum + (long) j * COLUMN_BYTES, unordered(max.reduceLanes(VectorOperators.MAX)));
        }
    }

    private static short unordered(short key) {
        return (short) (key ^ (key >> 15 & 0x7fff));
    }

    @Override
    public void upperBounds(
            AbstractLayout layout,
            MemorySegment abstracts,
            long offsetBytes,
            int groups,
            float[] q,
            int qOffset,
            int heads,
            float[] upper,
            int upperOffset,
            int stride) {
        Scratch scratch = scratches.get();
        scratch.queries.split(q, qOffset, heads, layout.headDim(), 0, layout.headDim());
        scratch.bounds(layout, abstracts, offsetBytes, groups, heads, upper, upperOffset, stride);
    }

    @Override
    public void lowerBounds(
            AbstractLayout layout,
            MemorySegment abstracts,
            long offsetBytes,
            int groups,
            float[] q,
            int qOffset,
            int heads,
            float[] lower,
            int lowerOffset,
            int stride) {
        Scratch scratch = scratches.get();
        scratch.queries.split(q, qOffset, heads, layout.headDim(), layout.headDim(), 0);
        scratch.bounds(layout, abstracts, offsetBytes, groups, heads, lower, lowerOffset, stride);
    }

    @Override
    public void upperBounds(
            ByteAbstractLayout layout,
            MemorySegment abstracts,
            long offsetBytes,
            int groups,
            float[] q,
            int qOffset,
            int heads,
            float[] upper,
            int upperOffset,
            int stride) {
        Scratch scratch = scratches.get();
        scratch.queries.split(q, qOffset, heads, layout.headDim(), 0, layout.headDim());
        scratch.bytes.bounds(
                layout, abstracts, offsetBytes, groups, scratch.queries, heads, upper, upperOffset, stride);
    }

    @Override
    public void tokenScores(
            AbstractLayout layout,
            MemorySegment group,
            long groupOffset,
            MemorySegment codes,
            long codesOffset,
            float[] q,
            int qOffset,
            int heads,
            float[] scores,
            int stride) {
        if (!supported()) {
            narrow.tokenScores(layout, group, groupOffset, codes, codesOffset, q, qOffset, heads, scores, stride);
            return;
        }
        upperBounds(layout, group, groupOffset, 1, q, qOffset, heads, scores, 0, stride);
        Scratch scratch = scratches.get();
        float[] panel = scratch.panel(layout, group, groupOffset);
        scratch.tokens.lower(layout.headDim(), panel, codes, codesOffset, q, qOffset, heads, scores, stride);
    }

    @Override
    public void tokenScores(
            ByteAbstractLayout layout,
            MemorySegment group,
            long groupOffset,
            MemorySegment codes,
            long codesOffset,
            float[] q,
            int qOffset,
            int heads,
            float[] scores,
            int stride) {
        if (!supported()) {
            narrow.tokenScores(layout, group, groupOffset, codes, codesOffset, q, qOffset, heads, scores, stride);
            return;
        }
        upperBounds(layout, group, groupOffset, 1, q, qOffset, heads, scores, 0, stride);
        Scratch scratch = scratches.get();
        float[] panel = scratch.bytes.panel();
        scratch.tokens.lower(layout.headDim(), panel, codes, codesOffset, q, qOffset, heads, scores, stride);
    }

    /** What one thread works with. */
    private static final class Scratch {
        private final HalfColumns pairs = new HalfColumns();
        private final ByteColumns bytes = new ByteColumns();
        private final TokenColumns tokens = new TokenColumns();
        private final SplitQueries queries = new SplitQueries();
        private final long[] start = new long[1];

        /** {@code [2 headDim][16]} of a group in fp16. */
        private float[] halves = {};

        /** {@code [heads][2 COUNT]}: a pair of columns of bounds. */
        private float[] sums = {};

        float[] panel(AbstractLayout layout, MemorySegment group, long offset) {
            int size = 2 * layout.headDim() * AbstractLayout.CHUNKS;
            if (halves.length < size) {
                halves = new float[size];
            }
            for (int i = 0; i < size; i++) { // maxima follow minima
                halves[i] = Float.float16ToFloat(group.get(FP16, offset + (long) i * Short.BYTES));
            }
            return halves;
        }

        void bounds(
                AbstractLayout layout,
                MemorySegment abstracts,
                long offsetBytes,
                int groups,
                int heads,
                float[] bounds,
                int boundsOffset,
                int stride) {
            if (sums.length < heads * 2 * COUNT) {
                sums = new float[heads * 2 * COUNT];
            }
            int columns = groups * COLUMNS_PER_GROUP;
            int length = 2 * layout.headDim();
            start[0] = offsetBytes;
            pairs.blocks(abstracts, COLUMN_BYTES, length);
            pairs.at(start, 0, 1);
            for (int column = 0; column < columns; column += 2) {
                int width = Math.min(2, columns - column);
                long first = column(layout, column);
                long second = column(layout, column + width - 1);
                Arrays.fill(sums, 0, heads * 2 * COUNT, 0f);
                pairs.pair(first, second);
                pairs.multiply(heads, queries.rows(), 0, length, sums, 0, 2 * COUNT);
                for (int h = 0; h < heads; h++) {
                    int to = boundsOffset + h * stride + column * COUNT;
                    for (int i = 0; i < width * COUNT; i++) {
                        bounds[to + i] = sums[h * 2 * COUNT + i] * HALF_SCALE;
                    }
                }
            }
        }

        private static long column(AbstractLayout layout, int column) {
            return (long) (column / COLUMNS_PER_GROUP) * layout.groupBytes()
                    + (long) (column % COLUMNS_PER_GROUP) * COUNT * Short.BYTES;
        }
    }
}
