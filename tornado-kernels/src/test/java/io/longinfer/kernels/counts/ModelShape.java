package io.longinfer.kernels.counts;

/**
 * Sizes of a model.
 *
 * @param slice outputs of a product that are computed, where all of them take an emulator too long
 */
record ModelShape(
        String name, int width, int heads, int kvHeads, int headDim, int feedForward, int vocabulary, int slice) {
    static final ModelShape SMOLLM2 = new ModelShape("SmolLM2", 576, 9, 3, 64, 1536, 49_152, Integer.MAX_VALUE);
    static final ModelShape LARGE = new ModelShape("8B", 4096, 32, 8, 128, 14_336, 128_256, 512);

    int group() {
        return heads / kvHeads;
    }

    int kvWidth() {
        return kvHeads * headDim;
    }

    /** Of so many outputs, those that are computed. */
    int sliced(int outputs) {
        return Math.min(outputs, slice);
    }
}
