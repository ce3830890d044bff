package io.longinfer.kernels.elementwise;

class ScalarElementwiseKernelsTest extends ElementwiseKernelsContract {
    @Override
    ElementwiseKernels kernels() {
        return new ScalarElementwiseKernels();
    }
}
