package io.longinfer.kernels.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.quantization.WeightMatrix;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every trait by which families differ, in a whole decoder against {@link ReferenceDecoder}. */
class DecoderTraitsTest {
    private static final int HEADS = 6;
    private static final int HEAD_DIM = 16;
    private static final int WIDTH = 40;
    private static final int FEED_FORWARD = 52;
    private static final int CONTEXT = 160;

    /** One trait each, and whether there are biases. */
    @SuppressWarnings("ImmutableEnumChecker") // traits are immutable
    enum Family {
        QUERY_KEY_VALUE_BIAS(DecoderTraits.LLAMA, 2, true),
        HEAD_NORMS(DecoderTraits.LLAMA.withNormsHeads(true), 2, false),
        WINDOW(DecoderTraits.LLAMA.withWindow(37, Set.of()), 3, false),
        WINDOW_OF_ONE(DecoderTraits.LLAMA.withWindow(1, Set.of()), 3, false),
        WINDOW_IN_SOME_LAYERS(DecoderTraits.LLAMA.withWindow(20, Set.of(0)), 2, false),
        UNROTATED_LAYERS(DecoderTraits.LLAMA.withUnrotatedLayers(Set.of(1)), 2, false),
        OPT(DecoderTraits.OPT, 6, true),
        EVERYTHING(
                DecoderTraits.OPT.withNormsHeads(true).withWindow(23, Set.of(1)).withUnrotatedLayers(Set.of(0)),
                2,
                true);

        final DecoderTraits traits;
        final int kvHeads;
        final boolean biased;

        Family(DecoderTraits traits, int kvHeads, boolean biased) {
            this.traits = traits;
            this.kvHeads = kvHeads;
            this.biased = biased;
        }
    }

    @ParameterizedTest
    @EnumSource
    void logitsAgreeWithTheReference(Family family) {
        int seed = family.name().hashCode();
        System.err.println("seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        CpuSessionTest.agreesWithTheReference(weights(family, random), random, 2);
    }

    @Test
    void windowsNameTheFirstVisiblePosition() {
        DecoderShape shape = shape(Family.WINDOW_IN_SOME_LAYERS);
        assertEquals(DecoderTraits.NO_WINDOW, shape.window(0));
        assertEquals(0, shape.firstVisible(0, 1000));
        assertEquals(981, shape.firstVisible(1, 1000));
        assertEquals(0, shape.firstVisible(1, 19));
        assertTrue(shape.rotates(1));
        assertFalse(shape(Family.UNROTATED_LAYERS).rotates(1));
        assertFalse(shape(Family.OPT).rotates(0));
    }

    @Test
    void weightsThatDoNotFitTheirTraitsAreRefused() {
        SplittableRandom random = new SplittableRandom(3);
        DecoderWeights opt = weights(Family.OPT, random);
        DecoderWeights llama = weights(Family.WINDOW, random);
        assertThrows(
                IllegalArgumentException.class,
                () -> new DecoderWeights(llama.shape(), opt.embedding(), opt.layers(), opt.outputNorm(), opt.output()));
        assertThrows(
                IllegalArgumentException.class,
                () -> new DecoderWeights(
                        opt.shape(), opt.embedding(), opt.layers(), opt.outputNorm(), opt.embedding()));
        assertThrows(
                IllegalArgumentException.class,
                () -> new DecoderWeights(
                        shape(Family.HEAD_NORMS),
                        llama.embedding(),
                        llama.layers(),
                        llama.outputNorm(),
                        llama.output()));
        assertThrows(IllegalArgumentException.class, () -> DecoderTraits.LLAMA.withWindow(0, Set.of()));
    }

    @Test
    void tokensWithoutALearnedPositionAreRefused() {
        DecoderWeights weights = weights(Family.OPT, new SplittableRandom(4));
        CpuDevice device = new CpuDevice(WorkerPool.sequential(), CpuKernels.scalar());
        try (DeviceSession session = device.open(weights, 200, 1)) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> session.begin(new Block().add(0, 0, new int[CONTEXT + 1], 0, CONTEXT + 1)));
        }
    }

    private static DecoderShape shape(Family family) {
        double[] frequencies = new double[HEAD_DIM / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = Math.pow(10000, -2.0 * i / HEAD_DIM);
        }
        // Rotation beside learned positions would be unheard of.
        DecoderShape.Rope rope = family == Family.OPT
                ? DecoderShape.Rope.NONE
                : new DecoderShape.Rope(HEAD_DIM, false, frequencies, 1.1f);
        return new DecoderShape(
                2,
                WIDTH,
                HEADS,
                family.kvHeads,
                HEAD_DIM,
                FEED_FORWARD,
                RandomDecoder.VOCABULARY,
                1e-5f,
                rope,
                CONTEXT,
                family.traits);
    }

    static DecoderWeights weights(Family family, SplittableRandom random) {
        DecoderShape shape = shape(family);
        DecoderTraits traits = family.traits;
        boolean layerNorm = traits.norm() == DecoderTraits.Norm.LAYER;
        List<DecoderWeights.Layer> layers = new ArrayList<>();
        for (int layer = 0; layer < shape.layers(); layer++) {
            DecoderWeights.Biases biases = new DecoderWeights.Biases(
                    vector(layerNorm ? WIDTH : 0, 0, random),
                    vector(family.biased ? shape.queryWidth() : 0, 0, random),
                    vector(family.biased ? shape.kvWidth() : 0, 0, random),
                    vector(family.biased ? shape.kvWidth() : 0, 0, random),
                    vector(family.biased ? WIDTH : 0, 0, random),
                    vector(layerNorm ? WIDTH : 0, 0, random),
                    vector(family.biased && layerNorm ? FEED_FORWARD : 0, 0, random),
                    vector(family.biased ? WIDTH : 0, 0, random));
            boolean gated = traits.feedForward() == DecoderTraits.FeedForward.SILU_GATED;
            layers.add(new DecoderWeights.Layer(
                    vector(WIDTH, 1, random),
                    RandomDecoder.matrix(shape.queryWidth(), WIDTH, random),
                    RandomDecoder.matrix(shape.kvWidth(), WIDTH, random),
                    RandomDecoder.matrix(shape.kvWidth(), WIDTH, random),
                    RandomDecoder.matrix(WIDTH, shape.queryWidth(), random),
                    vector(WIDTH, 1, random),
                    gated ? Optional.of(RandomDecoder.matrix(FEED_FORWARD, WIDTH, random)) : Optional.empty(),
                    RandomDecoder.matrix(FEED_FORWARD, WIDTH, random),
                    RandomDecoder.matrix(WIDTH, FEED_FORWARD, random),
                    vector(traits.normsHeads() ? HEAD_DIM : 0, 1, random),
                    vector(traits.normsHeads() ? HEAD_DIM : 0, 1, random),
                    biases));
        }
        WeightMatrix embedding = RandomDecoder.matrix(RandomDecoder.VOCABULARY, WIDTH, random);
        Optional<WeightMatrix> positions = traits.learnsPositions()
                ? Optional.of(RandomDecoder.matrix(CONTEXT + 2, WIDTH, random))
                : Optional.empty();
        return new DecoderWeights(
                shape,
                embedding,
                positions,
                layers,
                vector(WIDTH, 1, random),
                vector(layerNorm ? WIDTH : 0, 0, random),
                embedding);
    }

    private static float[] vector(int n, float mean, SplittableRandom random) {
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = mean + 0.2f * (float) random.nextGaussian();
        }
        return values;
    }
}
