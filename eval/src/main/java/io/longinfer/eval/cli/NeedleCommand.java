package io.longinfer.eval.cli;

import io.longinfer.eval.documents.Answers;
import io.longinfer.eval.documents.DocumentGenerator;
import io.longinfer.eval.documents.DocumentOptions;
import io.longinfer.eval.documents.Fact;
import io.longinfer.eval.documents.Filling;
import io.longinfer.eval.documents.NeedleDocument;
import io.longinfer.eval.report.ComparisonTable;
import io.longinfer.eval.report.RunReport;
import io.longinfer.kvcache.ByteSize;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.selection.SelectorKind;
import io.longinfer.model.generation.SamplingOptions;
import io.longinfer.model.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code longinfer needle}: the main job, a question about a long document with most of its KV on disk. */
@Command(
        name = "needle",
        description = {
            "Writes a document, hides a fact in it and asks for it: once with the selection that the options say, once"
                    + " with full attention under the same budgets, once with full attention and all KV on the device.",
            "Budgets, if not given: device 2MiB, host 2MiB, disk 1GiB. Before anything is measured, a document of 1,000"
                    + " tokens is read to warm the JVM up."
        })
final class NeedleCommand implements Callable<Integer> {
    private static final int WARM_UP_TOKENS = 1000;

    @ParentCommand
    private LongInfer parent;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelOption model;

    @Option(
            names = "--tokens",
            paramLabel = "N",
            converter = Converters.Positive.class,
            defaultValue = "8200",
            description = "Length of the document. Default: ${DEFAULT-VALUE}.")
    private int tokens;

    @Option(
            names = "--facts",
            paramLabel = "N",
            converter = Converters.Positive.class,
            defaultValue = "1",
            description = "Facts hidden in it; the first of them is asked for. Default: ${DEFAULT-VALUE}.")
    private int facts;

    @Option(
            names = "--depth",
            paramLabel = "D",
            converter = Converters.Ratio.class,
            description = "Where the fact is hidden, 0 (begin) to 1 (end). Default: drawn by --seed.")
    private Double depth;

    @Option(
            names = "--filling",
            paramLabel = "journal|noise|facts",
            converter = Converters.Filling.class,
            defaultValue = "journal",
            description = "The text around it. Default: ${DEFAULT-VALUE}.")
    private Filling filling;

    @Option(
            names = {"-n", "--max-tokens"},
            paramLabel = "N",
            converter = Converters.Positive.class,
            defaultValue = "48",
            description = "Most tokens of an answer. Default: ${DEFAULT-VALUE}.")
    private int maxTokens;

    @Mixin
    private SeedOption seed;

    @Mixin
    private KvOptions kv;

    @Mixin
    private WeightOptions weights;

    @Mixin
    private DeviceOptions device;

    @Option(names = "--json", paramLabel = "FILE", description = "Writes the metrics of all runs, one JSON object.")
    private Path json;

    @Override
    public Integer call() throws IOException {
        if (depth != null && facts != 1) {
            throw new ParameterException(spec.commandLine(), "--depth places one fact, but --facts is " + facts);
        }
        try (LoadedModel loaded = LoadedModel.open(model.model, device, weights.config(kv))) {
            NeedleDocument document = document(loaded, tokens);
            Fact fact = document.facts().getFirst();
            int[] prompt = Prompts.chat(loaded.model(), Optional.empty(), document.prompt(fact));
            announce(document, fact, prompt.length);
            warmUp(loaded);
            List<Attempt> attempts = new ArrayList<>();
            for (Map.Entry<String, KvConfig> entry :
                    configurations(loaded, prompt.length).entrySet()) {
                attempts.add(attempt(loaded, entry.getKey(), entry.getValue(), prompt, fact));
            }
            print(attempts);
            if (json != null) {
                RunReport.write(json, tree(document, fact, attempts));
            }
        }
        return 0;
    }

    private NeedleDocument document(LoadedModel loaded, int length) {
        Tokenizer tokenizer = loaded.model().tokenizer();
        DocumentOptions options =
                DocumentOptions.journal(length, seed.seed).withFacts(facts).withFilling(filling);
        return new DocumentGenerator(text -> tokenizer.encode(text, false, false).length)
                .generate(depth == null ? options : options.withDepth(depth));
    }

    private Map<String, KvConfig> configurations(LoadedModel loaded, int promptTokens) {
        KvConfig usual = KvConfig.defaults().toBuilder()
                .budgets(2L << 20, 2L << 20, 1L << 30)
                .build();
        KvConfig ours = kv.config(usual, loaded.model().shape(), kv.context(promptTokens + maxTokens), 1);
        KvConfig full = ours.toBuilder().selector(SelectorKind.FULL).build();
        KvConfig unlimited = full.toBuilder().budgets(ByteSize.UNLIMITED, 0, 0).build();
        Map<String, KvConfig> configurations = new LinkedHashMap<>();
        String name = ours.selector() == SelectorKind.FULL ? "as asked" : Converters.name(ours.selector());
        configurations.put(name, ours);
        configurations.put("full", full);
        configurations.put("full, all on device", unlimited);
        return configurations;
    }

    private void announce(NeedleDocument document, Fact fact, int promptTokens) {
        PrintStream out = parent.streams().out();
        long depthPercent = Math.round(100.0 * fact.offset() / document.text().length());
        out.println("document  " + document.tokens() + " tokens (prompt " + promptTokens + "), seed " + seed.seed
                + ", the fact at " + depthPercent + " % of it");
        out.println("question  " + fact.question());
        out.println("expected  " + fact.answer());
        parent.streams().requireOpen();
    }

    private void warmUp(LoadedModel loaded) throws IOException {
        NeedleDocument document = document(loaded, WARM_UP_TOKENS);
        int[] prompt = Prompts.chat(
                loaded.model(),
                Optional.empty(),
                document.prompt(document.facts().getFirst()));
        for (KvConfig configuration : configurations(loaded, prompt.length).values()) {
            Run.of(loaded, request(configuration, prompt), (done, total) -> {}, piece -> {});
        }
    }

    private Attempt attempt(LoadedModel loaded, String name, KvConfig configuration, int[] prompt, Fact fact)
            throws IOException {
        Run run = Run.of(loaded, request(configuration, prompt), new PrefillProgress(parent.streams()), piece -> {});
        String answer = run.text().strip();
        return new Attempt(name, answer, Answers.names(answer, fact.value()), run.report());
    }

    private Run.Request request(KvConfig configuration, int[] prompt) {
        return new Run.Request(
                "needle",
                prompt,
                maxTokens,
                kv.context(prompt.length + maxTokens),
                configuration,
                new SamplingOptions(0, 1, 0, seed.seed));
    }

    private void print(List<Attempt> attempts) {
        PrintStream out = parent.streams().out();
        int width = attempts.stream()
                .mapToInt(attempt -> attempt.name.length())
                .max()
                .orElse(0);
        out.println();
        for (Attempt attempt : attempts) {
            String blanks = " ".repeat(width - attempt.name.length());
            out.println(attempt.name + blanks + "  " + (attempt.right ? "right  " : "WRONG  ")
                    + attempt.answer.replace('\n', ' '));
        }
        ComparisonTable table = new ComparisonTable(
                attempts.stream().map(Attempt::name).toList(),
                attempts.stream().map(Attempt::report).toList());
        out.println();
        out.println(table.latencies());
        out.println(table.tiers());
        out.print(table.links());
        if (attempts.getFirst().report.metrics().tiers().getLast().residentBytes() > 0) {
            out.println(
                    attempts.getFirst().report.metrics().directIo()
                            ? "The disk was read with direct I/O."
                            : "The disk was read through the page cache: no direct I/O in the folder of --disk-dir.");
        }
        parent.streams().requireOpen();
    }

    private Map<String, Object> tree(NeedleDocument document, Fact fact, List<Attempt> attempts) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("documentTokens", document.tokens());
        tree.put("question", fact.question());
        tree.put("expected", fact.answer());
        List<Object> runs = new ArrayList<>();
        for (Attempt attempt : attempts) {
            Map<String, Object> run = new LinkedHashMap<>();
            run.put("name", attempt.name);
            run.put("answer", attempt.answer);
            run.put("right", attempt.right);
            run.putAll(attempt.report.toTree());
            runs.add(run);
        }
        tree.put("runs", runs);
        return tree;
    }

    private record Attempt(String name, String answer, boolean right, RunReport report) {}
}
