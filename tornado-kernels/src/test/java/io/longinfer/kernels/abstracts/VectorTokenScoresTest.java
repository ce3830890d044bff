package io.longinfer.kernels.abstracts;

class VectorTokenScoresTest extends TokenScoresContract {
    @Override
    AbstractKernels kernels() {
        return new VectorAbstractKernels();
    }
}
