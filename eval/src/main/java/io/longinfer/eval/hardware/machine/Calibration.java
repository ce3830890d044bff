package io.longinfer.eval.hardware.machine;

import io.longinfer.eval.comparison.Prefix;
import io.longinfer.eval.comparison.Variant;
import io.longinfer.eval.hardware.timing.ModelCosts;
import io.longinfer.eval.latency.DecodeRun;
import io.longinfer.eval.report.Rates;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.CpuKernels;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.KvMetrics;
import io.longinfer.kvcache.KvMetrics.LayerMetrics;
import io.longinfer.kvcache.KvPlan;
import io.longinfer.kvcache.codec.ChunkCodec;
import io.longinfer.kvcache.codec.Codec;
import io.longinfer.kvcache.codec.Precision;
import io.longinfer.kvcache.codec.RecordLengths;
import io.longinfer.kvcache.pipeline.ReadAheadMode;
import io.longinfer.kvcache.tier.Link;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/**
 * Figures of the machine that this runs on, for one model, from runs with all KV on the device: full attention and attention of few
 * tokens (their difference is what attending costs), and each variant that scores abstracts; copying and decoding records on their own;
 * the disk from full attention without a throttle. Weights count as fp16 whatever their format: their rate is fitted.
 */
public final class Calibration {
    private static final int CODEC_CHUNKS = 4096;
    private static final int CODEC_ROUNDS = 5;
    private static final int DEPTH = 64;
    private static final int REPETITIONS = 3;

    private final Prefix prefix;
    private final DecoderShape shape;
    private final int warmUp;
    private final int steps;

    /**
     * A calibration behind a prompt.
     *
     * @param steps of each run, behind {@code warmUp}
     */
    public Calibration(Prefix prefix, DecoderShape shape, int warmUp, int steps) {
        this.prefix = prefix;
        this.shape = shape;
        this.warmUp = warmUp;
        this.steps = steps;
    }

    /** Measures. */
    public Machine measure(String name) throws IOException {
        Map<Variant, List<DecodeRun>> runs =
                runs(KvConfig.defaults(), List.of(Variant.FULL, Variant.STREAMING, Variant.QUEST, Variant.OURS));
        List<DecodeRun> full = runs.get(Variant.FULL);
        List<DecodeRun> few = runs.get(Variant.STREAMING);
        double nanosPerByte = Math.max(1e-3, (median(full) - median(few)) / (attended(full) - attended(few)));
        double base = Math.max(1, median(few) - attended(few) * nanosPerByte);
        Map<String, Double> scoring = new LinkedHashMap<>();
        for (Variant variant : List.of(Variant.QUEST, Variant.OURS)) {
            List<DecodeRun> run = runs.get(variant);
            double nanos = Math.max(1, median(run) - base - attended(run) * nanosPerByte);
            scoring.put(variant.label(), 1e9 * Math.max(1, each(run, LayerMetrics::abstractBytes)) / nanos);
        }
        double attention = 1e9 / nanosPerByte;
        return new Machine(
                name,
                new Machine.Device(
                        Double.POSITIVE_INFINITY,
                        1e9 * ModelCosts.bytes(shape, Short.BYTES) / base,
                        Double.MAX_VALUE,
                        attention,
                        attention,
                        codec(Precision.INT8),
                        0,
                        0,
                        true),
                new Machine.Link(Double.POSITIVE_INFINITY, 0),
                new Machine.Host(Double.POSITIVE_INFINITY, codec(Precision.FP16), scoring),
                disk());
    }

    /** Runs variants in turn, so that what else the machine does falls on all of them. */
    private Map<Variant, List<DecodeRun>> runs(KvConfig ours, List<Variant> variants) throws IOException {
        Map<Variant, List<DecodeRun>> runs = new EnumMap<>(Variant.class);
        for (int repetition = 0; repetition < REPETITIONS; repetition++) {
            for (Variant variant : variants) {
                DecodeRun run = DecodeRun.of(prefix, 1, variant, variant.configuration(ours), warmUp, steps);
                runs.computeIfAbsent(variant, first -> new ArrayList<>()).add(run);
            }
        }
        return runs;
    }

    private static double median(List<DecodeRun> runs) {
        return Rates.median(runs.stream()
                .flatMapToLong(run -> Arrays.stream(run.stepNanos()))
                .asDoubleStream()
                .toArray());
    }

    /** Bytes attended in a step. */
    private double attended(List<DecodeRun> runs) {
        return 4.0 * shape.headDim() * each(runs, LayerMetrics::selectedTokens);
    }

    /** A figure of all layers in a step. */
    private double each(List<DecodeRun> runs, ToLongFunction<LayerMetrics> of) {
        return runs.getFirst().caches().getFirst().layers().stream()
                        .mapToLong(of)
                        .sum()
                / (double) steps;
    }

    /**
     * The disk without a throttle: its rate and latency from the times that it was busy in full attention, which never leaves it idle,
     * and in quest, which waits in every layer for what it selected.
     */
    private Machine.Disk disk() throws IOException {
        KvConfig tiers = KvConfig.defaults().toBuilder()
                .readAhead(ReadAheadMode.ALWAYS)
                .budgets(prefix.kvBytes(1) / 16, prefix.kvBytes(1) / 8, 2 * prefix.kvBytes(1))
                .build();
        Map<Variant, List<DecodeRun>> runs = runs(tiers, List.of(Variant.FULL, Variant.QUEST));
        List<DecodeRun> full = runs.get(Variant.FULL);
        List<DecodeRun> quest = runs.get(Variant.QUEST);
        // busy = bytes / rate + latencies * latency, once for each: the two unknowns of two equations.
        double fullLatencies = latencies(full);
        double questLatencies = latencies(quest) + (double) REPETITIONS * steps * shape.layers();
        double determinant = bytes(full) * questLatencies - bytes(quest) * fullLatencies;
        double perByte = (busy(full) * questLatencies - busy(quest) * fullLatencies) / determinant;
        double latency = (bytes(full) * busy(quest) - bytes(quest) * busy(full)) / determinant;
        if (latency < 0 || perByte <= 0) {
            latency = 0;
            perByte = busy(full) / bytes(full);
        }
        return new Machine.Disk(1e9 / perByte, 1e9 / perByte, latency, DEPTH, 0);
    }

    /** Latencies one after the other that reads take when as many are in flight as there is memory for. */
    private double latencies(List<DecodeRun> runs) {
        KvConfig configuration = runs.getFirst().configuration();
        double buffer =
                KvPlan.of(shape, prefix.contextTokens(), configuration).disk().readBytes();
        double operations = operations(runs);
        return operations / Math.clamp(buffer * operations / bytes(runs), 1, DEPTH);
    }

    private static double operations(List<DecodeRun> runs) {
        return Math.max(1, KvMetrics.sum(metrics(runs)).link(Link.DISK_TO_HOST).operations());
    }

    private static double bytes(List<DecodeRun> runs) {
        return Math.max(1, KvMetrics.sum(metrics(runs)).link(Link.DISK_TO_HOST).bytes());
    }

    private static double busy(List<DecodeRun> runs) {
        return Math.max(
                1,
                metrics(runs).stream()
                        .mapToLong(metrics -> metrics.pipeline().diskBusyNanos())
                        .sum());
    }

    private static List<KvMetrics> metrics(List<DecodeRun> runs) {
        return runs.stream().map(run -> run.caches().getFirst()).toList();
    }

    /** Bytes of fp16 that one thread makes of records in a second: the median of some rounds. */
    private double codec(Precision precision) {
        ChunkLayout layout = new ChunkLayout(shape.headDim());
        ChunkCodec codec = new ChunkCodec(
                layout, new Codec(precision, false), CpuKernels.fastest().quantization());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment chunks = arena.allocate((long) CODEC_CHUNKS * layout.sizeBytes(), 4096);
            MemorySegment record = arena.allocate(codec.maxSizeBytes(), 4096);
            long lengths = codec.encode(chunks, 0, record, 0);
            double[] rates = new double[CODEC_ROUNDS];
            for (int round = 0; round < 2 * CODEC_ROUNDS; round++) {
                long start = System.nanoTime();
                for (int chunk = 0; chunk < CODEC_CHUNKS; chunk++) {
                    codec.decode(
                            record,
                            0,
                            RecordLengths.prefixBytes(lengths),
                            RecordLengths.sizeBytes(lengths),
                            chunks,
                            (long) chunk * layout.sizeBytes());
                }
                rates[round % CODEC_ROUNDS] = 1e9 * chunks.byteSize() / Math.max(1, System.nanoTime() - start);
            }
            return Rates.median(rates);
        }
    }

    /** A machine as the YAML that {@link MachineFile} reads. */
    public static String yaml(Machine machine) {
        StringBuilder text = new StringBuilder("name: \"" + machine.name() + "\"\n");
        text.append("device:\n");
        text.append("  bandwidth: ").append(rate(machine.device().bandwidth())).append('\n');
        text.append("  flops: 1000T\n");
        text.append("  attention: ")
                .append(rate(machine.device().attentionBandwidth()))
                .append('\n');
        text.append("  decode: ")
                .append(rate(machine.device().decodeBandwidth()))
                .append('\n');
        text.append("  is-host: true\n");
        text.append("host:\n");
        text.append("  bandwidth: ").append(rate(machine.host().bandwidth())).append('\n');
        text.append("  scoring:\n");
        machine.host()
                .scoringBandwidth()
                .forEach((variant, rate) -> text.append("    ")
                        .append(variant)
                        .append(": ")
                        .append(rate(rate))
                        .append('\n'));
        text.append("disk: {bandwidth: ").append(rate(machine.disk().bandwidth()));
        text.append(", latency: ")
                .append(Math.round(machine.disk().latencyNanos()))
                .append("ns, depth: ")
                .append(machine.disk().depth())
                .append("}\n");
        return text.toString();
    }

    private static String rate(double bytesPerSecond) {
        return Math.round(bytesPerSecond) + "B/s";
    }
}
