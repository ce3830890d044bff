package io.longinfer.kernels.abstracts;

class ScalarAbstractKernelsTest extends AbstractKernelsContract {
    @Override
    AbstractKernels kernels() {
        return new ScalarAbstractKernels();
    }
}
