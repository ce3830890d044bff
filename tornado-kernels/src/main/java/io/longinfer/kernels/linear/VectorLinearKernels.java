package io.longinfer.kernels.linear;

import io.longinfer.kernels.quantization.TensorType;
import io.longinfer.kernels.quantization.WeightMatrix;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Products on the Vector API for every {@link TensorType}: activations stay in float, weights are decoded in registers (one
 * vector) or a panel of rows at a time into scratch that stays in the cache (many tokens). Stateless but for scratch of
 * each thread, which grows to the largest matrix it has met; no other allocation.
 *
 * <p>Where {@link #supported} says no, vectors are too narrow to be worth it: take {@link ScalarLinearKernels}.
 */
public final class VectorLinearKernels implements LinearKernels {
    private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

    /** Whether this machine's vectors hold at least 8 floats. */
    public static boolean supported() {
        return FloatVector.SPECIES_PREFERRED.length() >= 8;
    }

    @Override
    public void matVec(WeightMatrix w, int rowFrom, int rowTo, float[] x, int xOffset, float[] y, int yOffset) {
        Objects.checkFromToIndex(rowFrom, rowTo, w.rows());
        Objects.checkFromIndexSize(xOffset, w.columns(), x.length);
        Objects.checkFromToIndex(yOffset + rowFrom, yOffset + rowTo, y.length);
        float[] sums = needsSums(w.type()) ? SCRATCH.get().sums(x, xOffset, w.columns()) : null;
        long rowBytes = w.rowBytes();
        for (int r = rowFrom; r < rowTo; r++) {
            y[yOffset + r] = dot(w.type(), w.data(), r * rowBytes, w.columns(), x, xOffset, sums);
        }
    }

    @Override
    public void matMul(
            WeightMatrix w, int rowFrom, int rowTo, float[] x, int xStride, int tokens, float[] y, int yStride) {
        Objects.checkFromToIndex(rowFrom, rowTo, w.rows());
        if (tokens == 0) {
            return;
        }
        Objects.checkFromIndexSize((tokens - 1) * xStride, w.columns(), x.length);
        Objects.checkFromToIndex((tokens - 1) * yStride + rowFrom, (tokens - 1) * yStride + rowTo, y.length);
        if (tokens == 1) {
            matVec(w, rowFrom, rowTo, x, 0, y, 0);
        } else {
            DotTiles.matMul(w, rowFrom, rowTo, x, xStride, tokens, y, yStride, SCRATCH.get());
        }
    }

    private static boolean needsSums(TensorType type) {
        return switch (type) {
            case Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K -> true;
            case F32, F16, BF16, Q8_0, Q6_K -> false;
        };
    }

    private static float dot(
            TensorType type, MemorySegment data, long at, int columns, float[] x, int xAt, float[] sums) {
        int small = columns / SmallBlocks.ELEMENTS;
        int big = columns / SuperBlocks.ELEMENTS;
        return switch (type) {
            case F32 -> PlainRows.dotF32(data, at, columns, x, xAt);
            case F16 -> PlainRows.dotF16(data, at, columns, x, xAt);
            case BF16 -> PlainRows.dotBF16(data, at, columns, x, xAt);
            case Q8_0 -> SmallBlocks.dotQ8_0(data, at, small, x, xAt);
            case Q4_0 -> SmallBlocks.dotQ4_0(data, at, small, x, xAt, sums);
            case Q4_1 -> SmallBlocks.dotQ4_1(data, at, small, x, xAt, sums);
            case Q5_0 -> SmallBlocks.dotQ5_0(data, at, small, x, xAt, sums);
            case Q5_1 -> SmallBlocks.dotQ5_1(data, at, small, x, xAt, sums);
            case Q4_K -> SuperBlocks.dotQ4_K(data, at, big, x, xAt, sums);
            case Q5_K -> SuperBlocks.dotQ5_K(data, at, big, x, xAt, sums);
            case Q6_K -> SuperBlocks.dotQ6_K(data, at, big, x, xAt);
        };
    }

    /** Reads {@code count} values, whole blocks, into {@code out}. */
    static void expand(TensorType type, MemorySegment data, long at, int count, float[] out, int outAt) {
        int small = count / SmallBlocks.ELEMENTS;
        int big = count / SuperBlocks.ELEMENTS;
        switch (type) {
            case F32 -> PlainRows.expandF32(data, at, count, out, outAt);
            case F16 -> PlainRows.expandF16(data, at, count, out, outAt);
            case BF16 -> PlainRows.expandBF16(data, at, count, out, outAt);
            case Q8_0 -> SmallBlocks.expandQ8_0(data, at, small, out, outAt);
            case Q4_0 -> SmallBlocks.expandQ4_0(data, at, small, out, outAt);
            case Q4_1 -> SmallBlocks.expandQ4_1(data, at, small, out, outAt);
            case Q5_0 -> SmallBlocks.expandQ5_0(data, at, small, out, outAt);
            case Q5_1 -> SmallBlocks.expandQ5_1(data, at, small, out, outAt);
            case Q4_K -> SuperBlocks.expandQ4_K(data, at, big, out, outAt);
            case Q5_K -> SuperBlocks.expandQ5_K(data, at, big, out, outAt);
            case Q6_K -> SuperBlocks.expandQ6_K(data, at, big, out, outAt);
        }
    }

    /** What one thread needs between calls. */
    static final class Scratch {
        private float[] sums = new float[0];
        private float[] panel = new float[0];

        /** The sums of each 32 values of {@code x}; what is left over is not summed. */
        float[] sums(float[] x, int xAt, int columns) {
            int blocks = columns / SmallBlocks.ELEMENTS;
            if (sums.length < blocks) {
                sums = new float[blocks];
            }
            for (int b = 0; b < blocks; b++) {
                FloatVector sum = Lanes.zero();
                for (int j = 0; j < SmallBlocks.ELEMENTS; j += Lanes.COUNT) {
                    sum = sum.add(Lanes.load(x, xAt + SmallBlocks.ELEMENTS * b + j));
                }
                sums[b] = sum.reduceLanes(VectorOperators.ADD);
            }
            return sums;
        }

        float[] panel(int floats) {
            if (panel.length < floats) {
                panel = new float[floats];
            }
            return panel;
        }
    }
}
