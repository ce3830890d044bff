package io.longinfer.kernels.device.tornado;

import io.longinfer.kernels.device.Alignment;
import io.longinfer.kernels.linear.PackedLayout;
import io.longinfer.kernels.linear.PackedWeights;
import io.longinfer.kernels.linear.ProductForm;
import io.longinfer.kernels.linear.TornadoMatMulMma;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** What products by matrix instructions need beside weights and activations; shared by all products of a block. */
final class MatrixUnitArrays {
    /** {@code [rows][rowInts]}: activations in fp16. */
    final IntArray rounded;

    /** {@code [rows of a layer][rowInts]}: a layer's weights in fp16, unless they are. */
    final IntArray expanded;

    /** Sums on their way from the matrix units. */
    final FloatArray sums;

    MatrixUnitArrays(DeviceWeights weights, int maxRows, Graphs graphs) {
        int roundedInts = 0;
        int expandedInts = 0;
        int sumFloats = 0;
        for (PackedWeights matrix : List.of(weights.projection, weights.attentionOutput, weights.up, weights.down)) {
            int rowInts = TornadoMatMulMma.rowInts(matrix.columns());
            roundedInts = Math.max(roundedInts, Math.multiplyExact(maxRows, rowInts));
            if (matrix.format() != PackedLayout.F16) {
                expandedInts = Math.max(expandedInts, Math.multiplyExact(matrix.outputs(), rowInts));
            }
            ProductForm form = ProductForm.of(matrix);
            sumFloats = Math.max(sumFloats, TornadoMatMulMma.scratchFloats(matrix.outputs(), maxRows, form));
        }
        rounded = graphs.allocated(new IntArray(Alignment.FIRST + roundedInts));
        expanded = graphs.allocated(new IntArray(Alignment.FIRST + Math.max(1, expandedInts)));
        sums = graphs.allocated(new FloatArray(sumFloats));
    }
}
