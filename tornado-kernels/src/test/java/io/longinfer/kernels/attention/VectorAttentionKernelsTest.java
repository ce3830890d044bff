package io.longinfer.kernels.attention;

class VectorAttentionKernelsTest extends AttentionKernelsContract {
    @Override
    AttentionKernels kernels() {
        return new VectorAttentionKernels();
    }
}
