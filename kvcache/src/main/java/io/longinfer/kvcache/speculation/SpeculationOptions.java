package io.longinfer.kvcache.speculation;

/**
 * What InfiniGen's speculation can be told. The defaults are those of its authors' code for Llama 2.
 *
 * @param alpha tokens whose speculated score lies within this of the greatest count as important
 * @param partialRatio share of a head's channels that is kept for speculation
 */
public record SpeculationOptions(double alpha, double partialRatio) {
    public SpeculationOptions {
        if (!(alpha >= 0)) {
            throw new IllegalArgumentException("InfiniGen's alpha is not negative: " + alpha);
        }
        if (!(partialRatio > 0 && partialRatio <= 1)) {
            throw new IllegalArgumentException("the partial ratio lies above 0 and up to 1, not at " + partialRatio);
        }
    }

    /** Alpha 5, a fifth of the channels. */
    public static SpeculationOptions defaults() {
        return new SpeculationOptions(5, 0.2);
    }

    /** Channels to keep of {@code headDim}: rounded down to an even number, as kernels take them in pairs, but at least 2. */
    public int channels(int headDim) {
        return Math.max(2, (int) (partialRatio * headDim + 1e-9) / 2 * 2);
    }
}
