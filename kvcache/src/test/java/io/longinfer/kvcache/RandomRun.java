package io.longinfer.kvcache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.abstracts.AbstractPrecision;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.CpuKernels;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.WorkerPool;
import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.codec.Codec;
import io.longinfer.kvcache.codec.Precision;
import io.longinfer.kvcache.disk.DirectIo;
import io.longinfer.kvcache.disk.DiskIo;
import io.longinfer.kvcache.pipeline.ReadAheadMode;
import io.longinfer.kvcache.selection.SelectionBudget;
import io.longinfer.kvcache.selection.SelectorKind;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.UnaryOperator;

/**
 * Some caches that decode together, of random shape, contents and configuration, taken through random steps: all of it follows
 * from the seed. Each step checks what was attended.
 */
final class RandomRun implements AutoCloseable {
    final DecoderShape shape;
    final KvConfig config;
    final FakeDevice device = new FakeDevice();
    final FakeSession[] sessions;
    final KvCaches caches;

    private final Random random;
    private final int[] contexts;

    /** {@code [sequences]}: tokens of the step at hand. */
    private final int[] tokens;

    /** {@code [sequences]}: chunks that the step at hand closes. */
    private final int[] grow;

    /** {@code [sequences]}: steps for which a cache still observes. */
    private final int[] observing;

    /** {@code [sequences][layers][kvHeads][chunks]}: tokens that are not to come back, a bit each. */
    private final int[][][][] evicted;

    /**
     * Opens the caches.
     *
     * @param variant changes what must not matter
     */
    RandomRun(long seed, Path directory, int sequences, UnaryOperator<KvConfig> variant) {
        random = new Random(seed * 0x9E3779B97F4A7C15L);
        int kvHeads = 1 + random.nextInt(3);
        int heads = kvHeads * (1 + random.nextInt(3));
        shape = Shapes.of(1 + random.nextInt(4), heads, kvHeads, 8 * (1 + random.nextInt(3)));
        contexts = new int[sequences];
        Arrays.setAll(contexts, s -> 16 * (1 + random.nextInt(60)) + random.nextInt(16));
        tokens = new int[sequences];
        grow = new int[sequences];
        observing = new int[sequences];
        evicted = new int[sequences][shape.layers()][kvHeads][61];
        KvConfig whole = variant.apply(
                config(directory).toBuilder().recall(seed % 2 == 0).build());
        device.mapped = whole.selector().learnsTokens() || seed % 2 == 0;
        caches = open(whole);
        config = whole;
        sessions = new FakeSession[sequences];
        for (int s = 0; s < sequences; s++) {
            FakeSession session = new FakeSession(shape, contexts[s], seed + s);
            session.contents = new CodecContents(caches.get(s).plan(), whole)::fit;
            // Few chunks weigh much, and which do changes slowly.
            session.mass = (layer, head, chunk) -> {
                float unit = ((31 * chunk + 17 * layer + 7 * head + session.steps() / 8) % 101) / 101f;
                return unit * unit * unit * 0.2f;
            };
            session.guessError = random.nextInt(3) * 0.7f;
            sessions[s] = session;
        }
    }

    private KvConfig config(Path directory) {
        Precision precision = any(Precision.class);
        Codec codec = new Codec(precision, random.nextInt(4) == 0);
        double coarse = random.nextBoolean() ? 0 : random.nextFloat();
        return KvConfig.defaults().toBuilder()
                .selector(any(SelectorKind.class))
                .adaptivePartition(random.nextBoolean())
                .selection(new SelectionBudget(
                        random.nextInt(8) == 0 ? 1 : random.nextFloat() / 2,
                        random.nextInt(3),
                        0.5,
                        16 * random.nextInt(2),
                        random.nextInt(80)))
                .abstractPrecision(any(AbstractPrecision.class))
                .codecChoice(new KvConfig.CodecChoice(Optional.of(codec), coarse))
                .readAhead(random.nextInt(4) > 0 ? ReadAheadMode.ALWAYS : ReadAheadMode.NEVER)
                .diskDirectory(directory)
                .directIo(random.nextBoolean() ? DirectIo.AUTO : DirectIo.OFF)
                .ioBackend(random.nextInt(3) == 0 ? DiskIo.Backend.THREADS : DiskIo.Backend.AUTO)
                .ioDepth(random.nextInt(4))
                .emulatedDiskBytesPerSecond(random.nextInt(4) == 0 ? 100_000_000 : 0)
                .emulatedLinkBytesPerSecond(random.nextInt(4) == 0 ? 200_000_000 : 0)
                .passingSlots(new int[] {0, 0, 1, 2, 3, 5, 12}[random.nextInt(7)])
                .abstractDeviceShare(random.nextInt(3) * 0.3)
                .abstractHostShare(random.nextInt(3) * 0.2)
                .abstractsOnDisk(random.nextInt(4) > 0)
                .build()
                .toBuilder()
                .budgets(budget(), budget(), random.nextInt(3) == 0 ? 0 : ByteSize.UNLIMITED)
                .build();
    }

    private <E extends Enum<E>> E any(Class<E> type) {
        List<E> constants = List.copyOf(EnumSet.allOf(type));
        return constants.get(random.nextInt(constants.size()));
    }

    /** From nothing to plenty. */
    private long budget() {
        long all = Arrays.stream(contexts).sum() * shape.kvBytesPerToken();
        return switch (random.nextInt(5)) {
            case 0 -> 0;
            case 1 -> 3 * all;
            default -> (long) (random.nextFloat() * all);
        };
    }

    /** With more of what is asked for until the plan accepts it. */
    private KvCaches open(KvConfig wanted) {
        KvConfig now = wanted;
        for (int i = 0; ; i++) {
            try {
                return new KvCaches(shape, contexts, now, device, WorkerPool.sequential(), CpuKernels.scalar());
            } catch (KvPlanException e) {
                assertTrue(i < 100, e.getMessage());
                long more = 4096 + 256L * i * i;
                now = now.toBuilder()
                        .budgets(
                                now.deviceBudgetBytes() + (e.option().equals("--device-budget") ? more : 256),
                                now.hostBudgetBytes() + (e.option().equals("--host-budget") ? 2 * more : 0),
                                now.diskBudgetBytes())
                        .build();
            }
        }
    }

    /** One random step of all sequences: a token or a block, with or without chunks that it closes. */
    void step() {
        for (int s = 0; s < sessions.length; s++) {
            plan(s);
        }
        for (int layer = 0; layer < shape.layers(); layer++) {
            for (int s = 0; s < sessions.length; s++) {
                sessions[s].project(layer, tokens[s]);
                caches.get(s).prepare(layer, sessions[s], 0);
            }
            for (int s = 0; s < sessions.length && layer + 1 < shape.layers(); s++) {
                caches.get(s).readAhead(layer + 1, sessions[s].predictQueries(layer + 1), 0);
            }
            for (int s = 0; s < sessions.length; s++) {
                caches.get(s).attendPast(layer, sessions[s], 0);
                check(s, layer);
            }
            for (int s = 0; s < sessions.length; s++) {
                append(s, layer);
            }
        }
    }

    private void plan(int s) {
        KvCache cache = caches.get(s);
        int room = contexts[s] / ChunkLayout.TOKENS - cache.chunks(0);
        if (observing[s] == 0 && random.nextInt(12) == 0) {
            observing[s] = cache.tokensToObserve();
        }
        cache.observe(observing[s] > 0);
        boolean block = observing[s] == 0 && random.nextInt(4) == 0;
        observing[s] = Math.max(0, observing[s] - 1);
        tokens[s] = block ? 64 : 1;
        grow[s] = Math.min(room, block ? random.nextInt(9) : random.nextInt(2));
    }

    private void append(int s, int layer) {
        KvCache cache = caches.get(s);
        int before = cache.chunks(layer);
        cache.append(layer, grow[s] == 0 ? sessions[s].none(before) : sessions[s].close(layer, before, grow[s]));
        assertEquals(before + grow[s], cache.chunks(layer));
    }

    /** That every head attended as many chunks as it should, none twice. What they held the session has checked. */
    private void check(int s, int layer) {
        int chunks = caches.get(s).chunks(layer);
        int first = Arrays.stream(sessions[s].attended[0]).sum();
        for (int[] row : sessions[s].attended) {
            assertTrue(Arrays.stream(row).max().orElse(0) <= 1, "a chunk was attended twice");
            assertTrue(
                    config.selector().attendsTokens()
                            || first == Arrays.stream(row).sum(),
                    "the heads differ");
        }
        SelectionBudget budget = config.selection();
        boolean learns = config.selector() == SelectorKind.ADAPTIVE && config.adaptivePartition();
        if (tokens[s] > 1 || config.selector() == SelectorKind.FULL) {
            assertEquals(chunks, first);
        } else if (config.selector() == SelectorKind.INFINIGEN) {
            int always = Math.min(chunks, budget.sinkChunks() + budget.recentChunks());
            int most = always + 16 * budget.chosenChunks(layer, chunks);
            assertTrue(first == chunks || (first >= always && first <= most), first + " of " + chunks + " chunks");
        } else if (config.selector().learnsTokens()) {
            checkEviction(s, layer, chunks);
        } else if (learns) {
            assertTrue(first >= Math.min(chunks, budget.sinkChunks() + budget.recentChunks()));
        } else {
            assertEquals(budget.attendedChunks(layer, chunks), first, "chunks attended of " + chunks);
        }
    }

    /** That heads keep the recent half and no more than the budget, and that nothing comes back. */
    private void checkEviction(int s, int layer, int chunks) {
        int budget = config.selection().attendedChunks(layer, chunks);
        for (int head = 0; head < shape.kvHeads() && budget < chunks; head++) {
            int tokensLeft = 0;
            for (int chunk = 0; chunk < chunks; chunk++) {
                int mask = sessions[s].masks[head][chunk];
                int old = evicted[s][layer][head][chunk];
                assertEquals(0, mask & old, "tokens of chunk " + chunk + " came back");
                evicted[s][layer][head][chunk] = ~mask & ChunkLayout.ALL_TOKENS;
                tokensLeft += Integer.bitCount(mask);
                boolean whole = mask == ChunkLayout.ALL_TOKENS;
                assertTrue(whole || chunk < chunks - (budget + 1) / 2, "recent tokens of " + chunk);
                assertTrue(whole || mask == 0 || config.selector() == SelectorKind.H2O, "part of chunk " + chunk);
            }
            assertTrue(tokensLeft <= 16 * budget, tokensLeft + " tokens, a budget of " + budget + " chunks");
        }
    }

    /** Starts a sequence anew. */
    void reset(int s) {
        for (int[][] layer : evicted[s]) {
            for (int[] head : layer) {
                Arrays.fill(head, 0);
            }
        }
        sessions[s].reset();
        caches.get(s).reset();
        observing[s] = 0;
    }

    /** That no budget is exceeded, nor the plan. */
    void checkBudgets() {
        long open = 0;
        for (int s = 0; s < sessions.length; s++) {
            KvCache cache = caches.get(s);
            KvMetrics metrics = cache.metrics();
            for (KvMetrics.TierMetrics tier : metrics.tiers()) {
                assertTrue(tier.peakBytes() <= tier.budgetBytes(), tier + " exceeds its budget");
                assertTrue(tier.residentBytes() <= tier.reservedBytes(), tier + " holds more than it reserved");
            }
            open += (long) shape.layers() * shape.kvHeads() * new ChunkLayout(shape.headDim()).sizeBytes();
            if (cache.plan().mode() == KvPlan.Mode.DISK) {
                assertTrue(metrics.tier(Tier.DISK).peakBytes()
                        <= cache.plan().disk().fileBytes());
            }
            long misses = metrics.tier(Tier.DEVICE).misses();
            assertEquals(
                    misses,
                    metrics.tier(Tier.HOST).hits() + metrics.tier(Tier.HOST).misses());
        }
        checkRecall();
        long budget = caches.get(0).metrics().tier(Tier.DEVICE).budgetBytes();
        for (int s = 1; s < sessions.length && budget != ByteSize.UNLIMITED; s++) {
            budget += caches.get(s).metrics().tier(Tier.DEVICE).budgetBytes();
        }
        assertTrue(device.openBytes() + open <= budget, "the pools exceed the device budget");
    }

    /** That recall is a share, and all of it where everything is attended; and that the heat map has counted every chunk. */
    private void checkRecall() {
        for (int s = 0; s < sessions.length; s++) {
            for (int layer = 0; layer < shape.layers(); layer++) {
                KvMetrics.LayerMetrics of = caches.get(s).metrics().layers().get(layer);
                KvMetrics.LayerHeat heat = caches.get(s).metrics().heat().get(layer);
                assertEquals(
                        of.selectedChunks(),
                        heat.selected().stream().mapToLong(Long::longValue).sum());
                assertEquals(
                        of.candidateChunks(),
                        heat.candidates().stream().mapToLong(Long::longValue).sum());
                assertTrue(config.recall() || config.selector() == SelectorKind.ORACLE || Double.isNaN(of.recall()));
                if (of.recallSteps() > 0) {
                    boolean all = !config.selector().attendsTokens() && of.selectedChunks() == of.candidateChunks();
                    assertTrue(all ? of.recall() == 1 : of.recall() > 0 && of.recall() <= 1, of.toString());
                }
            }
        }
    }

    /** Of all that was attended, in order. */
    long digest() {
        long digest = 0;
        for (FakeSession session : sessions) {
            digest = 31 * digest + session.digest;
        }
        return digest;
    }

    @Override
    public void close() {
        caches.close();
        for (FakeSession session : sessions) {
            session.close();
        }
        device.pools.forEach(pool -> assertTrue(pool.closed, "a pool was left open"));
    }
}
