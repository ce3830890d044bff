package io.longinfer.eval.comparison;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.codec.Codec;
import io.longinfer.kvcache.codec.Precision;
import io.longinfer.kvcache.pipeline.ReadAheadMode;
import io.longinfer.model.Model;
import io.longinfer.model.catalog.ModelCatalog;
import io.longinfer.model.generation.BatchSession;
import io.longinfer.model.generation.Engine;
import io.longinfer.model.generation.Sampler;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class VariantTest {
    private static final int STEPS = 4;

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource
    void keepsBudgetsAndAmountAttended(Variant variant) {
        KvConfig ours = KvConfig.defaults().toBuilder()
                .codecChoice(KvConfig.CodecChoice.AUTO)
                .budgets(1 << 20, 2 << 20, 4 << 20)
                .build();
        KvConfig config = variant.configuration(ours);
        assertEquals(ours.selection(), config.selection());
        assertEquals(ours.deviceBudgetBytes(), config.deviceBudgetBytes());
        assertEquals(ours.hostBudgetBytes(), config.hostBudgetBytes());
        assertEquals(variant.learnsTokens(), config.selector().learnsTokens());
        assertEquals(variant, new Variant.Converter().convert(variant.label()));
        ReadAheadMode readAhead = switch (variant) {
            case QUEST, NO_READ_AHEAD -> ReadAheadMode.NEVER;
            case ALWAYS_READ_AHEAD -> ReadAheadMode.ALWAYS;
            default -> ReadAheadMode.MEASURED;
        };
        assertEquals(readAhead, config.readAhead());
        assertEquals(variant != Variant.NO_DISK_ABSTRACTS, config.abstractsOnDisk());
        boolean own = variant == Variant.OURS
                || variant == Variant.ALWAYS_READ_AHEAD
                || variant.label().startsWith("no-");
        KvConfig.CodecChoice exact = KvConfig.CodecChoice.fixed(new Codec(Precision.FP16, false));
        assertEquals(!own || variant == Variant.NO_CODEC, exact.equals(config.codecChoice()));
    }

    /** All variants behind one prefill, over three tiers; and what tokens weigh is found late or early. */
    @Test
    void allDecodeBehindOnePrefill() throws IOException {
        int[] prompt = new SplittableRandom(11).ints(330, 0, 250).toArray();
        KvConfig ours = KvConfig.defaults().toBuilder()
                .codecChoice(KvConfig.CodecChoice.AUTO)
                .budgets(384 << 10, 1 << 20, 64 << 20)
                .diskDirectory(directory)
                .build();
        try (Model model = Model.open(ModelCatalog.resolve("needle"));
                Engine engine = Engine.cpu(2);
                Prefix late =
                        Prefix.read(engine, model.weights(), List.of(prompt), STEPS, STEPS, 128, (done, total) -> {});
                Prefix early = Prefix.read(
                        engine, model.weights(), List.of(prompt), STEPS, STEPS, 128, true, (done, total) -> {})) {
            assertArrayEquals(early.continuation(0), late.continuation(0));
            for (Variant variant : Variant.values()) {
                KvConfig config = variant.configuration(ours);
                float[] logits = decode(late, config);
                assertArrayEquals(decode(early, config), logits, variant.label());
                assertTrue(Float.isFinite(logits[0]), variant.label());
            }
            float[] full = decode(early, Variant.FULL.configuration(ours));
            for (Variant variant : List.of(Variant.STREAMING, Variant.H2O, Variant.H2O_CHUNKED, Variant.QUEST)) {
                KvConfig all = variant.configuration(ours.toBuilder().ratio(1).build());
                assertArrayEquals(full, decode(early, all), variant.label());
                assertFalse(java.util.Arrays.equals(full, decode(early, variant.configuration(ours))), variant.label());
            }
        }
    }

    private static float[] decode(Prefix prefix, KvConfig config) throws IOException {
        try (BatchSession session = prefix.open(config, 1)) {
            for (int step = 0; step < STEPS; step++) {
                session.decode(new int[] {Sampler.argmax(session.logits(0))});
            }
            return session.logits(0).clone();
        }
    }
}
