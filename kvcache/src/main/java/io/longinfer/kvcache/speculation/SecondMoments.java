package io.longinfer.kvcache.speculation;

import java.util.Arrays;

/**
 * Sums of {@code x x^T} over vectors of each (layer, KV head), from which follow the right singular vectors and the singular
 * values of the matrix that has these vectors as rows. Different heads may be added to by several threads.
 */
public final class SecondMoments {
    private final int kvHeads;
    private final int headDim;

    /** {@code [layers][kvHeads][headDim][headDim]}: the upper triangles. */
    private final float[][][] sums;

    /** {@code [layers][kvHeads]}: vectors in each sum. */
    private final long[][] counts;

    /** All zero. */
    public SecondMoments(int layers, int kvHeads, int headDim) {
        this.kvHeads = kvHeads;
        this.headDim = headDim;
        sums = new float[layers][kvHeads][headDim * headDim];
        counts = new long[layers][kvHeads];
    }

    /**
     * Adds vectors.
     *
     * @param x {@code [count][stride]} from {@code offset}, of which each row's first {@code headDim} are a vector
     */
    public void add(int layer, int kvHead, float[] x, int offset, int stride, int count) {
        float[] sum = sums[layer][kvHead];
        int row = 0;
        for (; row + 4 <= count; row += 4) {
            addFour(sum, x, offset + row * stride, stride);
        }
        for (; row < count; row++) {
            addOne(sum, x, offset + row * stride);
        }
        counts[layer][kvHead] += count;
    }

    private void addOne(float[] sum, float[] x, int at) {
        for (int i = 0; i < headDim; i++) {
            for (int j = i; j < headDim; j++) {
                sum[i * headDim + j] += x[at + i] * x[at + j];
            }
        }
    }

    /** Each sum is read and written once for four vectors: that takes more time than adding. */
    private void addFour(float[] sum, float[] x, int a, int stride) {
        int b = a + stride;
        int c = b + stride;
        int d = c + stride;
        for (int i = 0; i < headDim; i++) {
            float ai = x[a + i];
            float bi = x[b + i];
            float ci = x[c + i];
            float di = x[d + i];
            int row = i * headDim;
            for (int j = i; j < headDim; j++) {
                sum[row + j] += ai * x[a + j] + bi * x[b + j] + (ci * x[c + j] + di * x[d + j]);
            }
        }
    }

    /** Vectors that were added for a head. */
    public long count(int layer, int kvHead) {
        return counts[layer][kvHead];
    }

    /** {@code [headDim][headDim]}: the mean of {@code x x^T}, symmetric; zero if nothing was added. */
    public double[][] mean(int layer, int kvHead) {
        double[][] mean = new double[headDim][headDim];
        double count = Math.max(1, counts[layer][kvHead]);
        for (int i = 0; i < headDim; i++) {
            for (int j = i; j < headDim; j++) {
                mean[i][j] = sums[layer][kvHead][i * headDim + j] / count;
                mean[j][i] = mean[i][j];
            }
        }
        return mean;
    }

    /** Becomes a copy of another one of the same shape. */
    public void copy(SecondMoments source) {
        for (int layer = 0; layer < sums.length; layer++) {
            for (int head = 0; head < kvHeads; head++) {
                System.arraycopy(source.sums[layer][head], 0, sums[layer][head], 0, headDim * headDim);
            }
            System.arraycopy(source.counts[layer], 0, counts[layer], 0, kvHeads);
        }
    }

    /** Forgets everything. */
    public void reset() {
        for (int layer = 0; layer < sums.length; layer++) {
            for (float[] sum : sums[layer]) {
                Arrays.fill(sum, 0);
            }
            Arrays.fill(counts[layer], 0);
        }
    }
}
