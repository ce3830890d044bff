package io.longinfer.kvcache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.abstracts.AbstractPrecision;
import io.longinfer.kvcache.codec.Codec;
import io.longinfer.kvcache.codec.Precision;
import io.longinfer.kvcache.disk.DiskException;
import io.longinfer.kvcache.disk.DiskIo;
import io.longinfer.kvcache.pipeline.ReadAheadMode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Guesses, backends and slow links change when bytes come, never which bytes are attended nor in which order. */
class ReadAheadTest {
    private static final int RUNS = 6;
    private static final int STEPS = 30;

    @TempDir
    Path directory;

    /** The codec with small masses as int4 or not. */
    @ParameterizedTest
    @CsvSource({
        "FP16, false, 0",
        "FP16, true, 0",
        "INT8, false, 0",
        "INT8, false, 0.6",
        "INT8, true, 0.6",
        "INT4, false, 0"
    })
    void theSameBytesInTheSameOrder(Precision precision, boolean lz4, double coarse) {
        KvConfig.CodecChoice codec = new KvConfig.CodecChoice(Optional.of(new Codec(precision, lz4)), coarse);
        long base = Long.getLong("kvcache.seed", System.nanoTime() & 0xffffff);
        long used = 0;
        int runs = Integer.getInteger("kvcache.runs", RUNS);
        // Some configurations have nothing to read ahead: go on until one had.
        for (long seed = base; seed < base + runs || (used == 0 && seed < base + 20L * runs); seed++) {
            Result expected = run(
                    seed,
                    codec,
                    config -> config.toBuilder()
                            .readAhead(ReadAheadMode.NEVER)
                            .ioBackend(DiskIo.Backend.THREADS)
                            .build());
            for (UnaryOperator<KvConfig> variant : variants()) {
                Result found = run(seed, codec, variant);
                assertEquals(expected.digest, found.digest, "-Dkvcache.seed=" + seed);
                used += found.aheadUsed;
            }
        }
        assertTrue(used > 0, "nothing was read ahead with seeds from " + base);
    }

    private List<UnaryOperator<KvConfig>> variants() {
        List<UnaryOperator<KvConfig>> variants = new ArrayList<>();
        variants.add(config -> config.toBuilder()
                .readAhead(ReadAheadMode.ALWAYS)
                .ioBackend(DiskIo.Backend.THREADS)
                .emulatedDiskBytesPerSecond(0)
                .build());
        variants.add(config -> config.toBuilder()
                .readAhead(ReadAheadMode.ALWAYS)
                .ioBackend(DiskIo.Backend.AUTO)
                .ioDepth(1)
                .emulatedDiskBytesPerSecond(50_000_000)
                .emulatedLinkBytesPerSecond(0)
                .build());
        variants.add(config -> config.toBuilder()
                .readAhead(ReadAheadMode.ALWAYS)
                .emulatedLinkBytesPerSecond(80_000_000)
                .build());
        if (hasUring()) {
            variants.add(config -> config.toBuilder()
                    .readAhead(ReadAheadMode.NEVER)
                    .ioBackend(DiskIo.Backend.URING)
                    .build());
        }
        return variants;
    }

    private static boolean hasUring() {
        try (DiskIo io = DiskIo.open(DiskIo.Options.of(DiskIo.Backend.URING))) {
            return !io.backend().isEmpty();
        } catch (DiskException refused) {
            return false; // the other variants remain
        }
    }

    private record Result(long digest, long aheadUsed) {}

    private Result run(long seed, KvConfig.CodecChoice codec, UnaryOperator<KvConfig> variant) {
        UnaryOperator<KvConfig> whole =
                config -> variant.apply(config.toBuilder().codecChoice(codec).build());
        try (RandomRun run = new RandomRun(seed, directory, 1 + (int) (seed % 2), whole)) {
            for (int step = 0; step < STEPS; step++) {
                run.step();
                if (step == 2 * STEPS / 3 && seed % 3 == 0) {
                    run.reset(0);
                }
            }
            long used = 0;
            for (int s = 0; s < run.caches.size(); s++) {
                used += run.caches.get(s).metrics().pipeline().aheadUsed();
            }
            return new Result(run.digest(), used);
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError("-Dkvcache.seed=" + seed, e);
        }
    }

    /** What a guess misses is fetched on demand: more of it where guesses are bad. */
    @Test
    void goodGuessesAreUsed() {
        long[] missed = new long[2];
        for (int i = 0; i < 2; i++) {
            KvConfig config = KvConfig.defaults().toBuilder()
                    .abstractPrecision(AbstractPrecision.INT8)
                    .selection(new io.longinfer.kvcache.selection.SelectionBudget(0.1, 0, 0, 16, 32))
                    .budgets(100 << 10, 300 << 10, ByteSize.UNLIMITED)
                    .diskDirectory(directory)
                    .build();
            FakeSession session = new FakeSession(Shapes.of(4, 4, 2, 16), 3200, 5);
            session.guessError = i == 0 ? 0 : 100;
            try (session;
                    KvCaches caches = Steps.open(session.shape, 3200, config, new FakeDevice())) {
                Steps.prefill(caches.get(0), session, 150);
                caches.get(0).resetMetrics();
                Steps.decode(caches.get(0), session, 20);
                KvMetrics.PipelineMetrics pipeline = caches.get(0).metrics().pipeline();
                missed[i] = pipeline.missed();
                assertTrue(pipeline.aheadUsed() > 0 && pipeline.aheadWasted() + pipeline.missed() > 0);
            }
        }
        assertTrue(missed[0] < missed[1], missed[0] + " misses with good guesses, " + missed[1] + " with bad ones");
    }
}
