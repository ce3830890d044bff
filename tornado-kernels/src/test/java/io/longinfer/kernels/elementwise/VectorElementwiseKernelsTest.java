package io.longinfer.kernels.elementwise;

class VectorElementwiseKernelsTest extends ElementwiseKernelsContract {
    @Override
    ElementwiseKernels kernels() {
        return new VectorElementwiseKernels();
    }
}
