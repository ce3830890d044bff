package io.longinfer.eval.perplexity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.selection.SelectorKind;
import io.longinfer.model.Model;
import io.longinfer.model.catalog.ModelCatalog;
import io.longinfer.model.generation.Engine;
import io.longinfer.model.generation.InferenceSession;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Likelihoods of a window against those of an fp32 reference. */
class TextRunTest {
    private static final KvConfig FULL =
            KvConfig.defaults().toBuilder().selector(SelectorKind.FULL).build();

    @Test
    void needleAgreesWithTheReference() throws IOException {
        check(
                ModelCatalog.resolve("needle"),
                Path.of("../model/src/test/resources/needle/golden.json"),
                "journal-1000");
    }

    @Test
    void smollm2AgreesWithTheReference() throws IOException {
        String named = System.getenv("LONGINFER_SHARED");
        Path golden = Path.of(named == null ? "../../shared" : named).resolve("golden/smollm2/golden.json");
        assumeTrue(Files.exists(golden), "no " + golden + ": checked only beside the project's shared folder");
        Path file = ModelCatalog.cacheDirectory().resolve("smollm2/SmolLM2-135M-Instruct.Q4_1.gguf");
        assumeTrue(Files.exists(file), "SmolLM2 is not in the cache: scripts/fetch-model.sh smollm2");
        check(file, golden, "prose");
    }

    @Test
    void windowsAreSequencesOfTheirOwn() throws IOException {
        int[] ids = ints(goldenCase(Path.of("../model/src/test/resources/needle/golden.json"), "journal-1000"), "ids");
        Windows windows = new Windows(ids.length, 400, 200, 200);
        double[] found =
                run(ModelCatalog.resolve("needle"), ids, windows).likelihoods().values();
        assertEquals(ids.length - 201, found.length);
        int[] second = java.util.Arrays.copyOfRange(ids, 200, 601);
        double[] alone = run(ModelCatalog.resolve("needle"), second, new Windows(401, 400, 200, 200))
                .likelihoods()
                .values();
        for (int i = 0; i < alone.length; i++) {
            assertEquals(alone[i], found[200 + i], 1e-3, "token " + i);
        }
    }

    private static void check(Path model, Path golden, String name) throws IOException {
        Map<?, ?> expected = goldenCase(golden, name);
        int[] ids = ints(expected, "ids");
        int dense = ids.length - 100;
        Likelihoods found =
                run(model, ids, new Windows(ids.length, ids.length, 100, dense)).likelihoods();
        assertEquals(99, found.count());
        List<?> nll = (List<?>) expected.get("nll");
        double error = 0;
        double sum = 0;
        for (int i = 0; i < found.count(); i++) {
            double reference = ((Number) nll.get(dense + i)).doubleValue();
            error += Math.abs(found.values()[i] - reference) / found.count();
            sum += reference / found.count();
        }
        // The reference is rounded to 1e-4, keys and values here to fp16.
        assertEquals(0, error, 3e-3, name + ": nll off on average");
        assertEquals(Math.exp(sum), found.mean().perplexity(), 3e-3 * Math.exp(sum));
    }

    private static TextRun run(Path file, int[] ids, Windows windows) throws IOException {
        try (Model model = Model.open(file);
                Engine engine = Engine.cpu(2);
                InferenceSession session =
                        engine.open(model.weights(), FULL, windows.window(), Engine.DEFAULT_BLOCK_TOKENS)) {
            return TextRun.of(session, ids, windows, (done, total) -> {});
        }
    }

    private static Map<?, ?> goldenCase(Path golden, String name) throws IOException {
        Map<?, ?> cases = (Map<?, ?>) JSON.std.mapFrom(Files.readString(golden)).get("cases");
        return (Map<?, ?>) cases.get(name);
    }

    private static int[] ints(Map<?, ?> object, String name) {
        return ((List<?>) object.get(name))
                .stream().mapToInt(number -> ((Number) number).intValue()).toArray();
    }
}
