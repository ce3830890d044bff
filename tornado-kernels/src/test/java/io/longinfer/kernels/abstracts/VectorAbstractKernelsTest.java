package io.longinfer.kernels.abstracts;

class VectorAbstractKernelsTest extends AbstractKernelsContract {
    @Override
    AbstractKernels kernels() {
        return new VectorAbstractKernels();
    }
}
