package io.longinfer.kernels.quantization;

class VectorQuantizationKernelsTest extends QuantizationKernelsContract {
    @Override
    QuantizationKernels kernels() {
        return new VectorQuantizationKernels();
    }
}
