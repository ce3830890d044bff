package io.longinfer.kernels.device;

import java.util.Set;

/**
 * In what families of decoders differ beyond their dimensions. Immutable.
 *
 * @param norm how hidden states are normalised
 * @param feedForward what stands between the two halves of the feed-forward layer
 * @param normsHeads whether each head of queries and keys is normalised (RMS) before it is rotated, as in Qwen 3
 * @param positionOffset where the table of learned positions begins, or {@link #NO_POSITIONS} without one; OPT's begins at 2
 * @param window most tokens that a query attends, itself among them, or {@link #NO_WINDOW}
 * @param unlimitedLayers layers for which the window does not hold
 * @param unrotatedLayers layers without rotary positions (NoPE), as SmolLM3 has
 */
public record DecoderTraits(
        Norm norm,
        FeedForward feedForward,
        boolean normsHeads,
        int positionOffset,
        int window,
        Set<Integer> unlimitedLayers,
        Set<Integer> unrotatedLayers) {
    /** In place of an offset: positions are not learned. */
    public static final int NO_POSITIONS = -1;

    /** In place of a window: every earlier token is attended. */
    public static final int NO_WINDOW = Integer.MAX_VALUE;

    /** What Llama does, and most since. */
    public static final DecoderTraits LLAMA =
            new DecoderTraits(Norm.RMS, FeedForward.SILU_GATED, false, NO_POSITIONS, NO_WINDOW, Set.of(), Set.of());

    /** What OPT does where it normalises before each part. */
    public static final DecoderTraits OPT =
            new DecoderTraits(Norm.LAYER, FeedForward.RELU, false, 2, NO_WINDOW, Set.of(), Set.of());

    /** A norm. */
    public enum Norm {
        /** By the root of the mean square. */
        RMS,
        /** By mean and variance, with a bias. */
        LAYER
    }

    /** A kind of feed-forward layer. */
    public enum FeedForward {
        /** {@code down (silu(gate x) * up x)} */
        SILU_GATED,
        /** {@code down relu(up x)} */
        RELU
    }

    public DecoderTraits {
        unlimitedLayers = Set.copyOf(unlimitedLayers);
        unrotatedLayers = Set.copyOf(unrotatedLayers);
        if (window < 1) {
            throw new IllegalArgumentException("a window holds at least one token, not " + window);
        }
        if (positionOffset < NO_POSITIONS) {
            throw new IllegalArgumentException("the table of positions begins at " + positionOffset);
        }
    }

    /** The same with heads normalised or not. */
    public DecoderTraits withNormsHeads(boolean normsHeads) {
        return new DecoderTraits(
                norm, feedForward, normsHeads, positionOffset, window, unlimitedLayers, unrotatedLayers);
    }

    /** The same with a window for all layers but {@code unlimitedLayers}. */
    public DecoderTraits withWindow(int window, Set<Integer> unlimitedLayers) {
        return new DecoderTraits(
                norm, feedForward, normsHeads, positionOffset, window, unlimitedLayers, unrotatedLayers);
    }

    /** The same with other layers that are not rotated. */
    public DecoderTraits withUnrotatedLayers(Set<Integer> unrotatedLayers) {
        return new DecoderTraits(
                norm, feedForward, normsHeads, positionOffset, window, unlimitedLayers, unrotatedLayers);
    }

    /** Whether positions are learned, one row of a table each. */
    public boolean learnsPositions() {
        return positionOffset != NO_POSITIONS;
    }
}
