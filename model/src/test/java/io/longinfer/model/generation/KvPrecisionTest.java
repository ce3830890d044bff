package io.longinfer.model.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.codec.Codec;
import io.longinfer.kvcache.codec.KvPrecision;
import io.longinfer.kvcache.selection.SelectorKind;
import io.longinfer.model.Model;
import io.longinfer.model.catalog.ModelCatalog;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every selector at every precision: it shows in the logits, and they are the same wherever chunks lie. */
class KvPrecisionTest {
    private static final int PROMPT = 901;
    private static final int TOKENS = 931;
    private static final long KIB = 1024;

    /**
     * Not to the bit: compiled and interpreted vector sums may add in different orders, and a code of 4 bits that falls the other
     * way is a large step. Codes of codes would show as a multiple of this.
     */
    private static final double SAME = 1e-2;

    private static Model model;
    private static Engine engine;
    private static int[] ids;

    @TempDir
    Path directory;

    @BeforeAll
    static void open() throws IOException {
        model = Model.open(ModelCatalog.resolve("needle"));
        engine = Engine.cpu(2);
        try (InputStream golden = KvPrecisionTest.class.getResourceAsStream("/needle/golden.json")) {
            int[] all = Golden.read(golden).cases().get("journal-1000").ids();
            ids = java.util.Arrays.copyOf(all, TOKENS);
        }
    }

    @AfterAll
    static void close() {
        engine.close();
        model.close();
    }

    @ParameterizedTest
    @EnumSource(SelectorKind.class)
    void everyPrecision(SelectorKind selector) throws IOException {
        Map<KvPrecision, float[][]> found = new EnumMap<>(KvPrecision.class);
        for (KvPrecision precision : KvPrecision.values()) {
            KvConfig onDevice = KvConfig.defaults().toBuilder()
                    .selector(selector)
                    .kvPrecision(precision)
                    .build();
            KvConfig mostOnDisk = onDevice.toBuilder()
                    .budgets(768 * KIB, 768 * KIB, 64 * 1024 * KIB)
                    .diskDirectory(directory)
                    .codec(new Codec(precision.recordPrecision(), false))
                    .build();
            found.put(precision, logits(onDevice));
            double placed = distance(found.get(precision), logits(mostOnDisk));
            assertTrue(placed < SAME, () -> precision + " off by " + placed + " with most chunks on disk");
        }
        float[][] exact = found.get(KvPrecision.F16);
        double bf16 = distance(exact, found.get(KvPrecision.BF16));
        double int8 = distance(exact, found.get(KvPrecision.INT8));
        double int4 = distance(exact, found.get(KvPrecision.INT4));
        System.err.printf("%s: bf16 %.4f, int8 %.4f, int4 %.4f from f16%n", selector, bf16, int8, int4);
        assertTrue(bf16 > 1e-3 && int8 > 1e-3, "rounding must show: bf16 " + bf16 + ", int8 " + int8);
        assertTrue(int4 > int8, "int4 " + int4 + " is coarser than int8 " + int8);
    }

    private static float[][] logits(KvConfig config) throws IOException {
        float[][] found = new float[TOKENS - PROMPT][];
        try (InferenceSession session = engine.open(model.weights(), config, TOKENS, Engine.DEFAULT_BLOCK_TOKENS)) {
            session.forEachPosition(ids, PROMPT, (index, logits) -> {
                if (index >= PROMPT) {
                    found[index - PROMPT] = logits.clone();
                }
            });
        }
        return found;
    }

    private static double distance(float[][] left, float[][] right) {
        double largest = 0;
        assertEquals(left.length, right.length);
        for (int position = 0; position < left.length; position++) {
            for (int token = 0; token < left[position].length; token++) {
                largest = Math.max(largest, Math.abs(left[position][token] - right[position][token]));
            }
        }
        return largest;
    }
}
