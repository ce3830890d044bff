package io.longinfer.kernels.attention;

class ScalarAttentionKernelsTest extends AttentionKernelsContract {
    @Override
    AttentionKernels kernels() {
        return new ScalarAttentionKernels();
    }
}
