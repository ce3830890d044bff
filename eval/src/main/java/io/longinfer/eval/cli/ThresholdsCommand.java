package io.longinfer.eval.cli;

import io.longinfer.eval.comparison.Prefix;
import io.longinfer.eval.documents.Answers;
import io.longinfer.eval.documents.Example;
import io.longinfer.eval.documents.Examples;
import io.longinfer.eval.report.Table;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.KvMetrics;
import io.longinfer.kvcache.chunk.PartitionOptions;
import io.longinfer.kvcache.selection.SelectorKind;
import io.longinfer.kvcache.tier.Link;
import io.longinfer.model.generation.BatchSession;
import io.longinfer.model.generation.Sampler;
import io.longinfer.model.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code longinfer thresholds}: what the thresholds of the adaptive partition cost in answers and save in bytes. */
@Command(
        name = "thresholds",
        description = {
            "Asks the questions of a file with a grid of thresholds of the adaptive partition, and with fixed chunks.",
            "Each document is read once; every setting takes its KV over, under budgets that are shares of it, and answers"
                    + " by itself, greedily. Printed are right answers, and per token of an answer the bytes read from"
                    + " disk and the share of the chunks attended."
        })
final class ThresholdsCommand implements Callable<Integer> {
    @ParentCommand
    private LongInfer parent;

    @Mixin
    private ModelOption model;

    @Option(
            names = {"-f", "--file"},
            required = true,
            paramLabel = "FILE",
            description = "A file of examples, see longinfer examples.")
    private Path file;

    @Option(
            names = "--least-tokens",
            paramLabel = "N",
            converter = Converters.Natural.class,
            defaultValue = "2000",
            description = "Leaves out shorter documents. Default: ${DEFAULT-VALUE}.")
    private int leastTokens;

    @Option(
            names = "--ratios",
            split = ",",
            paramLabel = "R,...",
            defaultValue = "0.05,0.075,0.1",
            description = "Ratios to try. Default: ${DEFAULT-VALUE}.")
    private List<Double> ratios;

    @Option(
            names = "--desert-thresholds",
            split = ",",
            paramLabel = "X,...",
            defaultValue = "0.25,0.5,1",
            description = "Desert thresholds to try. Default: ${DEFAULT-VALUE}.")
    private List<Double> thresholds;

    @Option(
            names = "--desert-runs",
            split = ",",
            paramLabel = "N,...",
            defaultValue = "1,4",
            description = "Runs of low chunks to try. Default: ${DEFAULT-VALUE}.")
    private List<Integer> runs;

    @Option(
            names = "--min-ratios",
            split = ",",
            paramLabel = "R,...",
            defaultValue = "0.02,0.05",
            description = "Least ratios of a layer to try. Default: ${DEFAULT-VALUE}.")
    private List<Double> minRatios;

    @Option(
            names = {"-n", "--max-tokens"},
            paramLabel = "N",
            converter = Converters.Positive.class,
            defaultValue = "32",
            description = "Most tokens of an answer. Default: ${DEFAULT-VALUE}.")
    private int maxTokens;

    @Mixin
    private KvOptions kv;

    @Mixin
    private DeviceOptions device;

    /** What a setting came to. */
    private static final class Result {
        int right;
        long tokens;
        long diskBytes;
        long selected;
        long candidates;
    }

    @Override
    public Integer call() throws IOException {
        Map<String, Result> results = new LinkedHashMap<>();
        int asked = 0;
        try (LoadedModel loaded = LoadedModel.open(model.model, device)) {
            for (Example example : Examples.read(file)) {
                if (example.tokensAbout() >= leastTokens) {
                    ask(loaded, example, results);
                    asked++;
                }
            }
        }
        Table table = new Table().row("setting", "right of " + asked, "disk, KiB a token", "attended");
        results.forEach((name, result) -> table.row(
                name,
                result.right,
                String.format(Locale.ROOT, "%.0f", result.diskBytes / 1024.0 / Math.max(1, result.tokens)),
                String.format(Locale.ROOT, "%.1f%%", 100.0 * result.selected / Math.max(1, result.candidates))));
        parent.streams().out().print(table);
        parent.streams().requireOpen();
        return 0;
    }

    private void ask(LoadedModel loaded, Example example, Map<String, Result> results) throws IOException {
        int[] prompt = Prompts.chat(loaded.model(), Optional.empty(), example.prompt());
        try (Prefix prefix = Prefix.read(
                loaded.engine(),
                loaded.model().weights(),
                List.of(prompt),
                0,
                maxTokens,
                loaded.prefillBlock(),
                new PrefillProgress(parent.streams()))) {
            long kvBytes = prefix.kvBytes(1);
            for (Map.Entry<String, KvConfig> setting : settings(kvBytes).entrySet()) {
                Result result = results.computeIfAbsent(setting.getKey(), name -> new Result());
                answer(loaded, prefix, setting.getValue(), example, result);
            }
        }
    }

    private Map<String, KvConfig> settings(long kvBytes) {
        KvConfig base = kv.config(KvConfig.defaults().toBuilder()
                .budgets(kvBytes / 16, kvBytes / 8, 2 * kvBytes)
                .build());
        Map<String, KvConfig> settings = new LinkedHashMap<>();
        settings.put("full", base.toBuilder().selector(SelectorKind.FULL).build());
        List<KvConfig> withRatios = new ArrayList<>();
        for (double ratio : ratios) {
            withRatios.add(base.toBuilder()
                    .selection(new io.longinfer.kvcache.selection.SelectionBudget(
                            ratio,
                            base.selection().firstLayers(),
                            Math.max(ratio, base.selection().firstLayersRatio() * ratio / 0.1),
                            base.selection().sinkTokens(),
                            base.selection().recentTokens()))
                    .build());
        }
        for (KvConfig config : withRatios) {
            settings.put(
                    "fixed chunks, ratio " + config.selection().ratio(),
                    config.toBuilder().selector(SelectorKind.QUEST).build());
        }
        for (KvConfig config : withRatios) {
            for (double threshold : thresholds) {
                for (int run : runs) {
                    for (double min : minRatios) {
                        PartitionOptions usual = config.partition();
                        settings.put(
                                "adaptive, ratio " + config.selection().ratio() + ", threshold " + threshold + ", run "
                                        + run + ", least " + min,
                                config.toBuilder()
                                        .selector(SelectorKind.ADAPTIVE)
                                        .partition(new PartitionOptions(
                                                threshold, run, usual.mergeAfterSteps(), usual.slackDecay(), min))
                                        .build());
                    }
                }
            }
        }
        return settings;
    }

    private void answer(LoadedModel loaded, Prefix prefix, KvConfig config, Example example, Result result)
            throws IOException {
        Tokenizer tokenizer = loaded.model().tokenizer();
        try (BatchSession session = prefix.open(config, 1)) {
            session.cache(0).resetMetrics();
            StringBuilder text = new StringBuilder();
            int[] token = {Sampler.argmax(session.logits(0))};
            for (int step = 0; step < maxTokens && !tokenizer.endsGeneration(token[0]); step++) {
                text.append(tokenizer.decode(token));
                session.decode(token);
                token[0] = Sampler.argmax(session.logits(0));
                result.tokens++;
            }
            KvMetrics metrics = session.cache(0).metrics();
            result.right += Answers.names(text.toString(), example.answer()) ? 1 : 0;
            result.diskBytes += metrics.link(Link.DISK_TO_HOST).bytes();
            for (KvMetrics.LayerMetrics layer : metrics.layers()) {
                result.selected += layer.selectedChunks();
                result.candidates += layer.candidateChunks();
            }
        }
    }
}
