package io.longinfer.model.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.longinfer.kernels.device.CpuKernels;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.selection.SelectorKind;
import io.longinfer.model.Model;
import io.longinfer.model.catalog.ModelCatalog;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Logits, likelihoods and greedy continuations against an fp32 reference, within the tolerances that come with it. */
class GoldenLogitsTest {
    /** Activations stay in float. */
    private static final double MOST_DIVERGENCE = 1e-4;

    private static final KvConfig FULL =
            KvConfig.defaults().toBuilder().selector(SelectorKind.FULL).build();

    @Test
    void needleAgreesInEveryCase() throws IOException {
        try (InputStream in = GoldenLogitsTest.class.getResourceAsStream("/needle/golden.json");
                Model model = Model.open(ModelCatalog.resolve("needle"));
                Engine engine = Engine.cpu(2)) {
            check(model, engine, Golden.read(in));
        }
    }

    @Test
    void needleAgreesOnScalarKernels() throws IOException {
        try (InputStream in = GoldenLogitsTest.class.getResourceAsStream("/needle/golden.json");
                Model model = Model.open(ModelCatalog.resolve("needle"));
                Engine engine = Engine.cpu(1, CpuKernels.scalar())) {
            checkCase(model, engine, "short", Golden.read(in).cases().get("short"));
        }
    }

    @Test
    void needleAgreesBehindEightThousandTokens() throws IOException {
        try (Model model = Model.open(ModelCatalog.resolve("needle"));
                Engine engine = Engine.cpu(2)) {
            check(model, engine, Golden.read(shared("golden/needle/golden.json")));
        }
    }

    @Test
    void smollm2AgreesInEveryCase() throws IOException {
        Path golden = shared("golden/smollm2/golden.json");
        Path file = ModelCatalog.cacheDirectory().resolve("smollm2/SmolLM2-135M-Instruct.Q4_1.gguf");
        assumeTrue(Files.exists(file), "SmolLM2 is not in the cache: scripts/fetch-model.sh smollm2");
        try (Model model = Model.open(file);
                Engine engine = Engine.cpu(2)) {
            check(model, engine, Golden.read(golden));
        }
    }

    private static Path shared(String name) {
        String named = System.getenv("LONGINFER_SHARED");
        Path file = Path.of(named == null ? "../../shared" : named).resolve(name);
        assumeTrue(Files.exists(file), "no " + file + ": checked only beside the project's shared folder");
        return file;
    }

    private static void check(Model model, Engine engine, Golden golden) throws IOException {
        for (var entry : golden.cases().entrySet()) {
            checkCase(model, engine, entry.getKey(), entry.getValue());
        }
        int[] prompt = golden.cases().get(golden.greedy().prompt()).ids();
        int certain = golden.greedy().certain();
        assertTrue(certain > 0, "the reference is certain of nothing");
        try (InferenceSession session = open(model, engine, prompt.length + certain)) {
            GenerationResult result = Generator.generate(
                    session, prompt, certain, new Sampler(SamplingOptions.GREEDY), t -> false, (d, t) -> {}, t -> {});
            for (int i = 0; i < certain; i++) {
                assertEquals(golden.greedy().tokens()[i], result.tokens()[i], "greedy token " + i);
            }
        }
    }

    private static void checkCase(Model model, Engine engine, String name, Golden.Case golden) throws IOException {
        int[] ids = golden.ids();
        double[] error = new double[1];
        int[] otherArgmax = new int[1];
        try (InferenceSession session = open(model, engine, ids.length)) {
            session.forEachPosition(ids, ids.length, (index, logits) -> {
                if (index + 1 < ids.length) {
                    double nll = Golden.logSumExp(logits) - logits[ids[index + 1]];
                    error[0] += Math.abs(nll - golden.nll()[index]);
                }
                if (Sampler.argmax(logits) != golden.argmax()[index]) {
                    otherArgmax[0]++;
                }
            });
            double divergence = golden.divergence(session.logits());
            double meanError = error[0] / Math.max(1, ids.length - 1);
            System.err.printf(
                    "%s %s: KL %.2e, mean error of nll %.2e, other argmax %d of %d%n",
                    model.path().getFileName(), name, divergence, meanError, otherArgmax[0], ids.length);
            assertTrue(divergence <= MOST_DIVERGENCE, () -> name + ": KL divergence " + divergence);
            // The reference is rounded to 1e-4, keys and values here to fp16.
            assertTrue(meanError <= 3e-3, () -> name + ": nll off by " + meanError + " on average");
            assertTrue(otherArgmax[0] <= ids.length / 100, () -> name + ": " + otherArgmax[0] + " other argmax");
        }
    }

    private static InferenceSession open(Model model, Engine engine, int contextTokens) throws IOException {
        return engine.open(model.weights(), FULL, contextTokens, Engine.DEFAULT_BLOCK_TOKENS);
    }
}
