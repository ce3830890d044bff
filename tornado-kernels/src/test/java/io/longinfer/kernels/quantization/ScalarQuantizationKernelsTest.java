package io.longinfer.kernels.quantization;

class ScalarQuantizationKernelsTest extends QuantizationKernelsContract {
    @Override
    QuantizationKernels kernels() {
        return new ScalarQuantizationKernels();
    }
}
