package io.longinfer.kernels.device;

import io.longinfer.kernels.abstracts.AbstractKernels;
import io.longinfer.kernels.abstracts.ScalarAbstractKernels;
import io.longinfer.kernels.abstracts.VectorAbstractKernels;
import io.longinfer.kernels.attention.AttentionKernels;
import io.longinfer.kernels.attention.ScalarAttentionKernels;
import io.longinfer.kernels.attention.VectorAttentionKernels;
import io.longinfer.kernels.elementwise.ElementwiseKernels;
import io.longinfer.kernels.elementwise.ScalarElementwiseKernels;
import io.longinfer.kernels.elementwise.VectorElementwiseKernels;
import io.longinfer.kernels.linear.LinearKernels;
import io.longinfer.kernels.linear.ScalarLinearKernels;
import io.longinfer.kernels.linear.VectorLinearKernels;
import io.longinfer.kernels.quantization.QuantizationKernels;
import io.longinfer.kernels.quantization.ScalarQuantizationKernels;
import io.longinfer.kernels.quantization.VectorQuantizationKernels;

/**
 * A set of kernels for the CPU.
 *
 * @param vectorBits width of the vectors they use, 0 for the scalar twins
 */
public record CpuKernels(
        LinearKernels linear,
        AttentionKernels attention,
        AbstractKernels abstracts,
        ElementwiseKernels elementwise,
        QuantizationKernels quantization,
        int vectorBits) {

    /** The readable twins. */
    public static CpuKernels scalar() {
        return new CpuKernels(
                new ScalarLinearKernels(),
                new ScalarAttentionKernels(),
                new ScalarAbstractKernels(),
                new ScalarElementwiseKernels(),
                new ScalarQuantizationKernels(),
                0);
    }

    /**
     * The fastest that this processor runs: vectors where they hold at least eight floats, the scalar twins where not,
     * which {@link #vectorBits} and so the device's name then say.
     */
    public static CpuKernels fastest() {
        if (!VectorLinearKernels.supported()) {
            return scalar();
        }
        return new CpuKernels(
                new VectorLinearKernels(),
                new VectorAttentionKernels(),
                new VectorAbstractKernels(),
                new VectorElementwiseKernels(),
                new VectorQuantizationKernels(),
                jdk.incubator.vector.FloatVector.SPECIES_PREFERRED.vectorBitSize());
    }
}
