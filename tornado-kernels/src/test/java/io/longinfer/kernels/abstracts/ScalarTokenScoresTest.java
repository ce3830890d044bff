package io.longinfer.kernels.abstracts;

class ScalarTokenScoresTest extends TokenScoresContract {
    @Override
    AbstractKernels kernels() {
        return new ScalarAbstractKernels();
    }
}
