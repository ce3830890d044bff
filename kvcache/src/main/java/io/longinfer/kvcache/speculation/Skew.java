package io.longinfer.kvcache.speculation;

import java.util.Comparator;
import java.util.stream.IntStream;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.EigenDecomposition;
import org.apache.commons.math3.linear.RealMatrix;

/**
 * The skewing matrix of a head (InfiniGen, section 4.2): orthogonal, so that products of skewed queries and keys are those of the
 * plain ones, and such that a few of their channels hold most of them. It consists of the right singular vectors of the queries,
 * which are the eigenvectors of their second moment. Pure functions.
 */
public final class Skew {
    private Skew() {}

    /**
     * The leading columns of the skewing matrix. They are ranked as the paper ranks channels, by the size of skewed queries plus
     * that of skewed keys, with root mean squares in place of mean absolute values.
     *
     * @param queryMoment {@code [headDim][headDim]}: mean of {@code q q^T}, symmetric
     * @param keyMoment {@code [headDim][headDim]}: mean of {@code k k^T}, symmetric
     * @param kept columns to keep, 1 to {@code headDim}
     * @return {@code [kept][headDim]}: the columns, greatest first
     */
    public static float[][] columns(double[][] queryMoment, double[][] keyMoment, int kept) {
        int headDim = queryMoment.length;
        EigenDecomposition queries = new EigenDecomposition(new Array2DRowRealMatrix(queryMoment, false));
        RealMatrix vectors = queries.getV();
        RealMatrix keys = vectors.transpose()
                .multiply(new Array2DRowRealMatrix(keyMoment, false))
                .multiply(vectors);
        double[] sizes = new double[headDim];
        for (int i = 0; i < headDim; i++) {
            sizes[i] = root(queries.getRealEigenvalue(i)) + root(keys.getEntry(i, i));
        }
        int[] order = IntStream.range(0, headDim)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> -sizes[i]).thenComparing(i -> i))
                .mapToInt(Integer::intValue)
                .toArray();
        float[][] columns = new float[kept][headDim];
        for (int c = 0; c < kept; c++) {
            for (int j = 0; j < headDim; j++) {
                columns[c][j] = (float) vectors.getEntry(j, order[c]);
            }
        }
        return columns;
    }

    /** Rounding may leave a little less than nothing. */
    private static double root(double square) {
        return Math.sqrt(Math.max(0, square));
    }
}
