package io.longinfer.model.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import io.longinfer.kernels.device.CpuKernels;
import io.longinfer.kernels.device.DecoderWeights;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.selection.SelectorKind;
import io.longinfer.model.huggingface.HuggingFaceModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Small random checkpoints of each architecture against the fp32 logits of Hugging Face's transformers. Weights and activations
 * are in single precision here too; keys and values are rounded to fp16, which moves logits by about a thousandth.
 */
class TinyGoldenTest {
    private static final double MOST_DIVERGENCE = 1e-4;
    /** Logits lie between -5 and 5. */
    private static final double MOST_DIFFERENCE = 0.01;

    private static final double LEAST_MARGIN = 0.02;
    private static final KvConfig FULL =
            KvConfig.defaults().toBuilder().selector(SelectorKind.FULL).build();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "llama-gqa-untied",
                "llama-mha-tied",
                "llama3-rope",
                "longchat-linear",
                "yarn-llama",
                "mistral-swa",
                "qwen2",
                "qwen3",
                "opt"
            })
    void agrees(String name) throws IOException {
        String shared = System.getenv("LONGINFER_SHARED");
        Path directory = Path.of(shared == null ? "../../shared" : shared).resolve("golden/tiny/" + name);
        assumeTrue(Files.exists(directory), "no " + directory + ": checked only beside the project's shared folder");
        Map<String, Object> golden = JSON.std.mapFrom(Files.readString(directory.resolve("golden.json")));
        try (HuggingFaceModel model = HuggingFaceModel.open(directory)) {
            for (CpuKernels kernels : List.of(CpuKernels.fastest(), CpuKernels.scalar())) {
                try (Engine engine = Engine.cpu(2, kernels)) {
                    String what = name + ", " + kernels.vectorBits() + " bits";
                    checkCases(what, model.weights(), engine, (List<?>) golden.get("cases"));
                    checkGreedy(what, model.weights(), engine, (Map<?, ?>) golden.get("greedy"));
                }
            }
        }
    }

    private static void checkCases(String name, DecoderWeights weights, Engine engine, List<?> cases)
            throws IOException {
        double worst = 0;
        double difference = 0;
        int otherArgmax = 0;
        int positions = 0;
        for (Object element : cases) {
            Map<?, ?> one = (Map<?, ?>) element;
            int[] ids = ints(one.get("ids"));
            int[] argmax = ints(one.get("argmax"));
            double[] expected = doubles(one.get("last_logits"));
            // In one block, and the second half token by token.
            for (int blockwise : new int[] {ids.length, (ids.length + 1) / 2}) {
                int[] other = new int[1];
                try (InferenceSession session = engine.open(weights, FULL, ids.length, 512)) {
                    session.forEachPosition(ids, blockwise, (index, logits) -> {
                        other[0] += Sampler.argmax(logits) == argmax[index] ? 0 : 1;
                    });
                    worst = Math.max(worst, divergence(expected, session.logits()));
                    for (int i = 0; i < expected.length; i++) {
                        difference = Math.max(difference, Math.abs(expected[i] - session.logits()[i]));
                    }
                }
                otherArgmax += other[0];
                positions += ids.length;
            }
        }
        System.err.printf(
                "%s: KL %.1e, logits differ by %.1e, other argmax %d of %d%n",
                name, worst, difference, otherArgmax, positions);
        assertTrue(worst <= MOST_DIVERGENCE, name + ": KL divergence " + worst);
        assertTrue(difference <= MOST_DIFFERENCE, name + ": logits differ by " + difference);
        assertTrue(otherArgmax <= positions / 100, name + ": " + otherArgmax + " other argmax");
    }

    private static void checkGreedy(String name, DecoderWeights weights, Engine engine, Map<?, ?> golden)
            throws IOException {
        int[] prompt = ints(golden.get("prompt"));
        int[] tokens = ints(golden.get("tokens"));
        double[] margins = doubles(golden.get("margin"));
        int certain = 0;
        while (certain < tokens.length && margins[certain] >= LEAST_MARGIN) {
            certain++;
        }
        try (InferenceSession session = engine.open(weights, FULL, prompt.length + tokens.length, 512)) {
            GenerationResult result = Generator.generate(
                    session, prompt, certain, new Sampler(SamplingOptions.GREEDY), t -> false, (d, t) -> {}, t -> {});
            for (int i = 0; i < certain; i++) {
                assertEquals(tokens[i], result.tokens()[i], name + ": greedy token " + i);
            }
        }
        System.err.printf("%s: %d of %d greedy tokens certain, all equal%n", name, certain, tokens.length);
    }

    private static double divergence(double[] expected, float[] found) {
        double ours = Golden.logSumExp(found);
        float[] reference = new float[expected.length];
        for (int i = 0; i < expected.length; i++) {
            reference[i] = (float) expected[i];
        }
        double theirs = Golden.logSumExp(reference);
        double sum = 0;
        for (int i = 0; i < expected.length; i++) {
            sum += Math.exp(expected[i] - theirs) * (expected[i] - theirs - found[i] + ours);
        }
        return sum;
    }

    private static int[] ints(Object list) {
        return ((List<?>) list).stream().mapToInt(n -> ((Number) n).intValue()).toArray();
    }

    private static double[] doubles(Object list) {
        return ((List<?>) list)
                .stream().mapToDouble(n -> ((Number) n).doubleValue()).toArray();
    }
}
