package io.longinfer.kernels.device;

/**
 * What computes. A device runs the layers of a model in stages; it knows nothing of tiers or selection. Closing is the
 * owner's task, after the sessions opened on it.
 */
public interface Device extends AutoCloseable {
    /** What it is and what it can do. */
    DeviceProfile profile();

    /**
     * Makes a model ready for some sequences that share its weights.
     *
     * @param maxBlockTokens most tokens that one {@link DeviceSession#begin} may bring, all sequences together
     * @param sequences how many
     */
    DeviceSession open(WeightSource weights, int maxBlockTokens, int sequences);

    @Override
    void close();
}
