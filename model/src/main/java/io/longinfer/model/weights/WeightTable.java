package io.longinfer.model.weights;

import io.longinfer.kernels.quantization.WeightMatrix;
import java.util.ArrayList;
import java.util.List;

/**
 * A matrix cut into ranges of rows, each a unit. Immutable.
 *
 * @param bandRows rows of each band but the last, a multiple of 16, so that products add up as they do over the whole
 * @param rowsAreRead whether single rows are looked up
 */
record WeightTable(WeightMatrix matrix, int bandRows, List<WeightUnit> bands, boolean rowsAreRead) {
    private static final int ROW_STEP = 16;

    /**
     * Cuts a matrix.
     *
     * @param mostBytes of a band, unless 16 rows take more
     * @param firstIndex index of the first band
     */
    static WeightTable cut(WeightMatrix matrix, long mostBytes, int firstIndex, int alignment, boolean rowsAreRead) {
        long fitting = Math.min(matrix.rows(), mostBytes / matrix.rowBytes());
        int bandRows = (int) Math.max(ROW_STEP, fitting / ROW_STEP * ROW_STEP);
        List<WeightUnit> bands = new ArrayList<>();
        for (int from = 0; from < matrix.rows(); from += bandRows) {
            int rows = Math.min(bandRows, matrix.rows() - from);
            String name = matrix.name() + ", rows " + from + " to " + (from + rows - 1);
            WeightMatrix band = new WeightMatrix(
                    name,
                    matrix.type(),
                    rows,
                    matrix.columns(),
                    matrix.data().asSlice(from * matrix.rowBytes(), rows * matrix.rowBytes()));
            bands.add(new WeightUnit(firstIndex + bands.size(), name, List.of(band), alignment));
        }
        return new WeightTable(matrix, bandRows, List.copyOf(bands), rowsAreRead);
    }
}
