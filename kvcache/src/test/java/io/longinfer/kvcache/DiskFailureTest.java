package io.longinfer.kvcache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.abstracts.AbstractPrecision;
import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.disk.DiskException;
import io.longinfer.kvcache.selection.SelectorKind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A disk that fails in the middle of random operations: an error that names the file, and nothing wrong or left behind. */
class DiskFailureTest {
    /** Runs that meet the damage; in others all that is attended lies in memory. */
    private static final int FAILURES = 4;

    private static final int MOST_RUNS = 200;

    @TempDir
    Path directory;

    /** Bits that flipped are an error where they are read; afterwards a sequence can start anew, or the cache be closed. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void damageIsNeverAttended(boolean startAnew) throws IOException {
        long base = Long.getLong("kvcache.seed", System.nanoTime() & 0xffffff);
        int failed = 0;
        for (long seed = base; failed < FAILURES && seed < base + MOST_RUNS; seed++) {
            try {
                failed += run(seed, startAnew) ? 1 : 0;
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("-Dkvcache.seed=" + seed, e);
            }
            try (var files = Files.list(directory)) {
                assertEquals(0, files.count(), "files left behind with -Dkvcache.seed=" + seed);
            }
        }
        assertEquals(FAILURES, failed, "runs that failed with seeds from " + base);
    }

    private boolean run(long seed, boolean startAnew) throws IOException {
        boolean failed = false;
        List<KvCache> caches = new ArrayList<>();
        try (RandomRun run = new RandomRun(seed, directory, 1 + (int) (seed % 2), DiskFailureTest::small)) {
            for (int s = 0; s < run.caches.size(); s++) {
                caches.add(run.caches.get(s));
            }
            for (int step = 0; step < 20; step++) {
                run.step();
            }
            damage();
            for (int step = 0; step < 20 && !failed; step++) {
                try {
                    run.step();
                } catch (DiskException e) {
                    failed = true;
                    assertTrue(e.getMessage().contains(directory.toString()), e.getMessage());
                }
            }
            for (int s = 0; s < run.caches.size() && startAnew; s++) {
                run.reset(s);
            }
            for (int step = 0; step < 20 && startAnew; step++) {
                run.step();
            }
        }
        for (KvCache cache : caches) {
            for (Tier tier : Tier.values()) {
                assertEquals(0, cache.metrics().tier(tier).reservedBytes(), tier + " keeps part of its budget");
            }
            assertThrows(IllegalStateException.class, cache::reset);
        }
        return failed;
    }

    /** Little memory, a disk, and a step that selects. */
    private static KvConfig small(KvConfig config) {
        return config.toBuilder()
                .selector(config.selector() == SelectorKind.FULL ? SelectorKind.FULL : SelectorKind.QUEST)
                .budgets(0, 0, ByteSize.UNLIMITED)
                .build();
    }

    /** Flips bits of all chunks that are on disk, in place. */
    private void damage() {
        try (var files = Files.list(directory)) {
            for (Path file : files.toList()) {
                byte[] bytes = Files.readAllBytes(file);
                for (int at = 4096; at < bytes.length; at += 64) {
                    bytes[at] ^= 1;
                }
                try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                    channel.write(ByteBuffer.wrap(bytes), 0);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads ahead that nobody waits for are no reason to fail at the end. */
    @Test
    void closingWithReadsUnderWay() throws IOException {
        for (int i = 0; i < 20; i++) {
            KvConfig config = KvConfig.defaults().toBuilder()
                    .abstractPrecision(AbstractPrecision.INT8)
                    .selector(SelectorKind.FULL)
                    .budgets(60 << 10, 0, ByteSize.UNLIMITED)
                    .emulatedDiskBytesPerSecond(20_000_000)
                    .diskDirectory(directory)
                    .build();
            FakeDevice device = new FakeDevice();
            try (FakeSession session = new FakeSession(Shapes.of(2, 4, 2, 16), 1600, i);
                    KvCaches caches = Steps.open(session.shape, 1600, config, device)) {
                Steps.prefill(caches.get(0), session, 90);
                session.project(0, 1);
                caches.get(0).prepare(0, session, 0);
                caches.get(0).readAhead(1, session.predictQueries(1), 0);
                if (i % 2 == 0) {
                    caches.get(0).reset();
                    session.reset();
                    Steps.prefill(caches.get(0), session, 20);
                    session.project(0, 1);
                    caches.get(0).prepare(0, session, 0);
                }
            }
            device.pools.forEach(pool -> assertTrue(pool.closed, "a pool was left open"));
            try (var files = Files.list(directory)) {
                assertEquals(0, files.count(), "files left behind");
            }
        }
    }
}
