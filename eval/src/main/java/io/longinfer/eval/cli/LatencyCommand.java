package io.longinfer.eval.cli;

import io.longinfer.eval.comparison.Prefix;
import io.longinfer.eval.comparison.Variant;
import io.longinfer.eval.latency.DecodeRun;
import io.longinfer.eval.latency.LatencyTable;
import io.longinfer.eval.report.RunReport;
import io.longinfer.kvcache.KvConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code longinfer latency}: decode latency of several ways to manage KV, side by side. */
@Command(
        name = "latency",
        description = {
            "Decodes behind long documents with several ways to manage KV, under the same budgets, side by side.",
            "Every prompt is read once, with all KV on the device. Each variant then takes that KV over, reads the last"
                    + " tokens of the prompt itself and decodes: the same tokens for all, those that full attention chose,"
                    + " so that all do the same work; 'same' is the share of steps in which a variant would have chosen"
                    + " the same token. Budgets are shares of the KV of all sequences. A step is a token of each sequence.",
            "Variants: full (all KV, streamed), streaming (StreamingLLM's sinks and window), h2o (heavy hitters and recent"
                    + " tokens), h2o-chunked (the same by chunks), quest (all bounds scored, fp16 bounds), infinigen (tokens by"
                    + " scores speculated a layer before), oracle (the greatest true attention; its latency means nothing):"
                    + " these in fp16, all but quest read ahead. ours (as the options say), and ours with one part turned"
                    + " off: no-tree, no-partition, no-disk-abstracts, no-token-codes,"
                    + " no-read-ahead, no-codec."
        })
final class LatencyCommand implements Callable<Integer> {
    @ParentCommand
    private LongInfer parent;

    @Mixin
    private ModelOption model;

    @Option(
            names = "--tokens",
            paramLabel = "N",
            converter = Converters.Positive.class,
            defaultValue = "8000",
            description = "Length of a document. Default: ${DEFAULT-VALUE}.")
    private int tokens;

    @Option(
            names = "--batch",
            paramLabel = "N,N,...",
            converter = Converters.Positives.class,
            defaultValue = "1",
            description = "Sequences that decode together. Default: ${DEFAULT-VALUE}.")
    private List<Integer> batches;

    @Option(
            names = "--variants",
            paramLabel = "NAME,...",
            split = ",",
            defaultValue = "full,quest,ours",
            converter = Variant.Converter.class,
            description = "What to compare; ratios are to the first. Default: ${DEFAULT-VALUE}.")
    private List<Variant> variants;

    @Option(
            names = "--device-share",
            paramLabel = "X",
            converter = Converters.Ratio.class,
            defaultValue = "0.0625",
            description = "Device budget as a share of the KV. Default: ${DEFAULT-VALUE}.")
    private double deviceShare;

    @Option(
            names = "--host-share",
            paramLabel = "X",
            converter = Converters.Ratio.class,
            defaultValue = "0.125",
            description = "Host budget as a share of the KV. Default: ${DEFAULT-VALUE}.")
    private double hostShare;

    @Option(
            names = "--steps",
            paramLabel = "N",
            converter = Converters.Positive.class,
            defaultValue = "40",
            description = "Measured steps. Default: ${DEFAULT-VALUE}.")
    private int steps;

    @Option(
            names = "--warmup",
            paramLabel = "N",
            converter = Converters.Natural.class,
            defaultValue = "8",
            description = "Steps before them. Default: ${DEFAULT-VALUE}.")
    private int warmUp;

    @Option(
            names = {"-r", "--repetitions"},
            paramLabel = "N",
            converter = Converters.Positive.class,
            defaultValue = "3",
            description = "Times that all variants run, in turn. Default: ${DEFAULT-VALUE}.")
    private int repetitions;

    @Mixin
    private SeedOption seed;

    @Mixin
    private KvOptions kv;

    @Mixin
    private WeightOptions weights;

    @Mixin
    private DeviceOptions device;

    @Option(names = "--json", paramLabel = "FILE", description = "Appends one JSON line a run.")
    private Path json;

    @Override
    public Integer call() throws IOException {
        try (LoadedModel loaded = LoadedModel.open(model.model, device, weights.config(kv))) {
            int most = batches.stream().mapToInt(batch -> batch).max().orElse(1);
            List<int[]> prompts = new ArrayList<>();
            for (int sequence = 0; sequence < most; sequence++) {
                prompts.add(Prompts.document(loaded.model(), tokens, seed.seed + sequence));
            }
            try (Prefix prefix = Prefix.read(
                    loaded.engine(),
                    loaded.weights(),
                    prompts,
                    warmUp + steps,
                    warmUp + steps,
                    loaded.prefillBlock(),
                    variants.stream().anyMatch(Variant::learnsTokens),
                    new PrefillProgress(parent.streams()))) {
                for (int batch : batches) {
                    compare(loaded, prefix, batch);
                }
            }
        }
        return 0;
    }

    private void compare(LoadedModel loaded, Prefix prefix, int batch) throws IOException {
        long kvBytes = prefix.kvBytes(batch);
        KvConfig usual = KvShares.ofAll(deviceShare, hostShare, kvBytes);
        KvConfig ours = kv.config(usual, loaded.model().shape(), prefix.contextTokens(), batch);
        List<DecodeRun> runs = new ArrayList<>();
        for (int repetition = 0; repetition < repetitions; repetition++) {
            for (Variant variant : variants) {
                DecodeRun run = DecodeRun.of(prefix, batch, variant, variant.configuration(ours), warmUp, steps);
                runs.add(run);
                if (json != null) {
                    write(loaded, prefix, run);
                }
            }
        }
        parent.streams().out().println(new LatencyTable(batch, kvBytes, ours, runs));
        parent.streams().requireOpen();
    }

    private void write(LoadedModel loaded, Prefix prefix, DecodeRun run) throws IOException {
        Map<String, Object> line =
                new LinkedHashMap<>(loaded.setting("latency", run.configuration(), prefix.contextTokens(), seed.seed)
                        .toTree());
        line.put("kind", "latency");
        line.put("warmUpSteps", warmUp);
        line.putAll(run.toTree());
        RunReport.append(json, line);
    }
}
