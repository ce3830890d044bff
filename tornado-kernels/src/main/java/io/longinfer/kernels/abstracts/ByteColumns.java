package io.longinfer.kernels.abstracts;

import static io.longinfer.kernels.vector.HalfColumns.HALF_SCALE;
import static io.longinfer.kernels.vector.Lanes.COUNT;
import static io.longinfer.kernels.vector.Lanes.FLOATS;

import io.longinfer.kernels.vector.Lanes;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Bounds over groups of 8 bits: a group is decoded to floats once, then multiplied with the rows of all heads. Sums add in
 * the order of {@link io.longinfer.kernels.vector.HalfColumns}, so that a wider fp16 box never gets a smaller bound. Has
 * scratch; not thread-safe.
 */
final class ByteColumns {
    private static final ValueLayout.OfShort FP16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** As many bytes as there are lanes; there are no vectors of four bytes, so four lanes are decoded one by one. */
    private static final VectorSpecies<Byte> BYTES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, COUNT * Byte.SIZE)));

    private static final int WIDTH = AbstractLayout.CHUNKS;

    /** {@code [2 headDim][16]}: minima, then maxima. */
    private float[] panel = {};

    void bounds(
            ByteAbstractLayout layout,
            MemorySegment groups,
            long offsetBytes,
            int groupCount,
            SplitQueries queries,
            int heads,
            float[] bounds,
            int boundsOffset,
            int stride) {
        int length = 2 * layout.headDim();
        if (panel.length < length * WIDTH) {
            panel = new float[length * WIDTH];
        }
        for (int group = 0; group < groupCount; group++) {
            decode(layout, groups, offsetBytes + (long) group * layout.groupBytes());
            int to = boundsOffset + group * WIDTH;
            if (heads == 1) {
                for (int column = 0; column < WIDTH; column += COUNT) {
                    one(queries.rows(), length, bounds, to + column, column);
                }
            } else {
                for (int h = 0; h < heads; h++) {
                    many(queries, h, bounds, to + h * stride);
                }
            }
        }
    }

    /** {@code [2 headDim][16]}: minima, then maxima of the group last decoded. */
    float[] panel() {
        return panel;
    }

    private void decode(ByteAbstractLayout layout, MemorySegment groups, long at) {
        int headDim = layout.headDim();
        for (int row = 0; row < 2 * headDim; row++) {
            int channel = row < headDim ? row : row - headDim;
            float offset = Float.float16ToFloat(groups.get(FP16, at + layout.offsetOffset(channel)));
            float step = Float.float16ToFloat(groups.get(FP16, at + layout.stepOffset(channel)));
            long codes = at + layout.codeOffset(row);
            if (COUNT < 8) {
                for (int i = 0; i < WIDTH; i++) {
                    int code = groups.get(ValueLayout.JAVA_BYTE, codes + i) & 0xff;
                    panel[row * WIDTH + i] = ByteAbstractLayout.decode(offset, step, code);
                }
                continue;
            }
            for (int i = 0; i < WIDTH; i += COUNT) {
                ByteVector.fromMemorySegment(BYTES, groups, codes + i, ByteOrder.LITTLE_ENDIAN)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, Lanes.INTS, 0)
                        .convertShape(VectorOperators.I2F, FLOATS, 0)
                        .reinterpretAsFloats()
                        .fma(FloatVector.broadcast(FLOATS, step), FloatVector.broadcast(FLOATS, offset))
                        .intoArray(panel, row * WIDTH + i);
            }
            if (ByteAbstractLayout.decode(offset, step, 0xff) >= ByteAbstractLayout.MAX_HALF) {
                for (int i = row * WIDTH; i < (row + 1) * WIDTH; i++) {
                    panel[i] = Math.min(panel[i], ByteAbstractLayout.MAX_HALF);
                }
            }
        }
    }

    private void one(float[] rows, int length, float[] bounds, int to, int column) {
        float[] numbers = panel;
        FloatVector even = FloatVector.zero(FLOATS);
        FloatVector odd = even;
        int at = column;
        for (int i = 0; i < length; i += 2) {
            even = FloatVector.fromArray(FLOATS, numbers, at).fma(FloatVector.broadcast(FLOATS, rows[i]), even);
            odd = FloatVector.fromArray(FLOATS, numbers, at + WIDTH)
                    .fma(FloatVector.broadcast(FLOATS, rows[i + 1]), odd);
            at += 2 * WIDTH;
        }
        even.add(odd).mul(1 / HALF_SCALE).intoArray(bounds, to);
    }

    /** One head's bounds: the sum of its terms that are not zero, in their order. */
    private void many(SplitQueries queries, int head, float[] bounds, int to) {
        float[] numbers = panel;
        int[] places = queries.places();
        float[] factors = queries.factors();
        int begin = queries.begin(head);
        int end = queries.end(head);
        for (int column = 0; column < WIDTH; column += 2 * COUNT) {
            int other = Math.min(column + COUNT, WIDTH - COUNT);
            FloatVector s0 = FloatVector.zero(FLOATS);
            FloatVector s1 = s0;
            for (int i = begin; i < end; i++) {
                FloatVector factor = FloatVector.broadcast(FLOATS, factors[i]);
                int at = places[i];
                s0 = FloatVector.fromArray(FLOATS, numbers, at + column).fma(factor, s0);
                s1 = FloatVector.fromArray(FLOATS, numbers, at + other).fma(factor, s1);
            }
            s0.mul(1 / HALF_SCALE).intoArray(bounds, to + column);
            s1.mul(1 / HALF_SCALE).intoArray(bounds, to + other);
        }
    }
}
