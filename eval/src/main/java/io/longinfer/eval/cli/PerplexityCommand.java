package io.longinfer.eval.cli;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.jr.ob.JSON;
import io.longinfer.eval.comparison.Variant;
import io.longinfer.eval.perplexity.ContextBucket;
import io.longinfer.eval.perplexity.Likelihoods;
import io.longinfer.eval.perplexity.Likelihoods.Mean;
import io.longinfer.eval.perplexity.PerplexityTable;
import io.longinfer.eval.perplexity.TextComparison;
import io.longinfer.eval.perplexity.TextResult;
import io.longinfer.eval.perplexity.TextRun;
import io.longinfer.eval.perplexity.Windows;
import io.longinfer.eval.report.JsonTree;
import io.longinfer.eval.report.RunReport;
import io.longinfer.eval.report.Table;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.model.generation.InferenceSession;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code longinfer perplexity}: how well the model foretells a text, with selection and precision as in decoding. */
@Command(
        name = "perplexity",
        description = {
            "Reads a text in windows and says how well the model foretells it: exp of the mean negative log-likelihood"
                    + " (nll), with a 95 %% interval (mean nll +- 1.96 s/sqrt(n), tokens taken as independent), over all"
                    + " scored tokens and by the number of tokens before them.",
            "Of each window --dense tokens are read as a prompt, dense and exact; the rest one by one, as decoding does,"
                    + " so that the options about selecting and precision act. The tokens that follow those read one by one"
                    + " are scored, each once. The model's BOS token stands before the text, not before each window.",
            "With --variants several ways to manage KV read the same windows: the prompt is read once with all KV on the"
                    + " device, each variant takes that over. How much each is above the first is told with an interval of"
                    + " the differences token by token."
        })
final class PerplexityCommand implements Callable<Integer> {
    @ParentCommand
    private LongInfer parent;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "MODEL", description = "A name, a GGUF file, or a directory; see generate --model.")
    private String model;

    @Option(
            names = {"-f", "--file"},
            required = true,
            paramLabel = "TEXT",
            description = "A text in UTF-8.")
    private Path file;

    @Option(
            names = "--window",
            paramLabel = "TOKENS",
            converter = Converters.Positive.class,
            defaultValue = "1024",
            description = "Tokens read together. Default: ${DEFAULT-VALUE}.")
    private int window;

    @Option(
            names = "--dense",
            paramLabel = "N",
            converter = Converters.Natural.class,
            description = "Tokens of a window that are read as a prompt. Default: half of the window.")
    private Integer dense;

    @Option(
            names = "--stride",
            paramLabel = "TOKENS",
            converter = Converters.Positive.class,
            description = "From a window to the next. Default: window less dense, so that no token is left out.")
    private Integer stride;

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            converter = Converters.Positive.class,
            description = "Uses only the text's first tokens. Default: all.")
    private Integer maxTokens;

    @Option(
            names = "--bucket",
            paramLabel = "TOKENS",
            converter = Converters.Positive.class,
            description = "Divides the scored tokens by context at multiples of this. Default: into four equal parts.")
    private Integer bucket;

    @Option(
            names = "--variants",
            paramLabel = "NAME,...",
            split = ",",
            converter = Variant.Converter.class,
            description =
                    "Ways to manage KV to compare with the first, see longinfer latency. Default: what the options say,"
                            + " alone.")
    private List<Variant> variants = List.of();

    @Mixin
    private ShareOptions shares;

    @Option(
            names = "--against",
            paramLabel = "RUN",
            description =
                    "The --json of another run over the same tokens: also prints how much nll is above that one's,"
                            + " token by token.")
    private Path against;

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "Writes the run, with the nll of every token; with --variants appends a line for each.")
    private Path json;

    @Mixin
    private KvOptions kv;

    @Mixin
    private DeviceOptions device;

    @Override
    public Integer call() throws IOException {
        int prompt = dense == null ? window / 2 : dense;
        if (prompt >= window) {
            throw new ParameterException(
                    spec.commandLine(), "--dense " + prompt + " leaves nothing of --window " + window);
        }
        int step = stride == null ? window - prompt : stride;
        if (step > window) {
            throw new ParameterException(spec.commandLine(), "--stride " + step + " leaps over --window " + window);
        }
        int context = kv.context(window);
        if (context < window) {
            throw new ParameterException(
                    spec.commandLine(), "--context " + context + " is less than --window " + window);
        }
        if (!variants.isEmpty() && (prompt == 0 || against != null)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--variants go with " + (prompt == 0 ? "--dense of at least 1" : "each other, not with --against"));
        }
        try (LoadedModel loaded = LoadedModel.open(model, device)) {
            int[] ids = loaded.model().tokenizer().encode(Files.readString(file), true, false);
            ids = Arrays.copyOf(ids, Math.min(ids.length, maxTokens == null ? ids.length : maxTokens));
            if (ids.length < prompt + 2) {
                throw new IOException(file + ": " + ids.length + " tokens found, at least " + (prompt + 2)
                        + " expected: one to read behind --dense " + prompt + " and one to score");
            }
            Windows windows = new Windows(ids.length, window, step, prompt);
            if (variants.isEmpty()) {
                runAlone(loaded, ids, windows, context);
            } else {
                compare(loaded, ids, windows);
            }
        }
        return 0;
    }

    private void runAlone(LoadedModel loaded, int[] ids, Windows windows, int context) throws IOException {
        KvConfig configuration = kv.config();
        try (InferenceSession session = loaded.session(configuration, context)) {
            TextRun run = TextRun.of(session, ids, windows, new PrefillProgress(parent.streams())::read);
            report(
                    run,
                    windows,
                    loaded.setting("perplexity", configuration, context, 0).toTree());
        }
    }

    private void compare(LoadedModel loaded, int[] ids, Windows windows) throws IOException {
        List<TextResult> results = new TextComparison(loaded.engine(), loaded.weights(), loaded.prefillBlock())
                .of(ids, windows, shares.contenders(variants, kv, loaded), new PrefillProgress(parent.streams())::read);
        List<ContextBucket> buckets = buckets(windows);
        parent.streams().out().print(new PerplexityTable(results, buckets));
        parent.streams()
                .out()
                .printf(Locale.ROOT, "%,d tokens of text in windows of %,d%n", windows.tokens(), windows.window());
        parent.streams().requireOpen();
        if (json != null) {
            for (TextResult result : results) {
                append(loaded, result, results.getFirst(), windows, buckets);
            }
        }
    }

    private void append(
            LoadedModel loaded, TextResult result, TextResult base, Windows windows, List<ContextBucket> buckets)
            throws IOException {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("kind", "perplexity");
        line.putAll(loaded.setting("perplexity", result.configuration(), result.contextTokens(), 0)
                .toTree());
        line.put("variant", result.variant().label());
        line.put("ratio", result.configuration().selection().ratio());
        line.put("documentTokens", windows.window());
        line.put("batch", 1);
        line.put("file", file.toString());
        line.put("windows", JsonTree.of(windows));
        line.putAll(result.toTree(base, buckets));
        RunReport.append(json, line);
    }

    private List<ContextBucket> buckets(Windows windows) {
        return ContextBucket.of(windows, bucket == null ? OptionalInt.empty() : OptionalInt.of(bucket));
    }

    private void report(TextRun run, Windows windows, Map<String, Object> tree) throws IOException {
        Mean mean = run.likelihoods().mean();
        Table table = new Table().row("tokens before", "perplexity", "95 % from", "to", "nll", "scored");
        row(table, "all", mean);
        List<Object> contexts = new ArrayList<>();
        for (ContextBucket part : buckets(windows)) {
            Mean some = part.mean(run.likelihoods());
            if (some.count() > 0) {
                row(table, part.label(), some);
                contexts.add(Map.of("least", part.least(), "end", part.end(), "mean", tree(some)));
            }
        }
        parent.streams().out().print(table);
        parent.streams()
                .out()
                .printf(
                        Locale.ROOT,
                        "%,d tokens of text, %,d read in windows of %,d, %.1f tokens/s%n",
                        windows.tokens(),
                        run.readTokens(),
                        windows.window(),
                        run.tokensPerSecond());
        tree.put("file", file.toString());
        tree.put("windows", JsonTree.of(windows));
        tree.put("mean", tree(mean));
        tree.put("contexts", contexts);
        tree.put("readTokens", run.readTokens());
        tree.put("tokensPerSecond", run.tokensPerSecond());
        if (against != null) {
            compare(run.likelihoods(), windows, tree);
        }
        parent.streams().requireOpen();
        tree.put("nll", JsonTree.of(run.likelihoods().values()));
        if (json != null) {
            RunReport.write(json, tree);
        }
    }

    private void compare(Likelihoods likelihoods, Windows windows, Map<String, Object> tree) throws IOException {
        Mean difference = likelihoods.differenceFrom(others(windows));
        parent.streams()
                .out()
                .printf(
                        Locale.ROOT,
                        "perplexity %+.2f %% (95 %% from %+.2f to %+.2f), nll %+.4f +- %.4f, against %s%n",
                        100 * (difference.perplexity() - 1),
                        100 * (difference.low() - 1),
                        100 * (difference.high() - 1),
                        difference.nll(),
                        difference.error(),
                        against);
        tree.put("against", Map.of("run", against.toString(), "difference", tree(difference)));
    }

    /** The likelihoods of the other run, which must be of the same windows of as many tokens. */
    private double[] others(Windows windows) throws IOException {
        Map<String, Object> other;
        try {
            other = JSON.std.mapFrom(Files.readString(against));
        } catch (JacksonException malformed) {
            throw new IOException(against + ": no JSON of longinfer perplexity", malformed);
        }
        Object found = other.get("windows");
        if (!JsonTree.of(windows).equals(found) || !(other.get("nll") instanceof List<?> list)) {
            throw new IOException(
                    against + ": a run with windows " + found + " found, " + JsonTree.of(windows) + " expected");
        }
        return list.stream()
                .mapToDouble(value -> ((Number) value).doubleValue())
                .toArray();
    }

    private static void row(Table table, String label, Mean mean) {
        table.row(
                label,
                figure(mean.perplexity()),
                figure(mean.low()),
                figure(mean.high()),
                String.format(Locale.ROOT, "%.4f", mean.nll()),
                mean.count());
    }

    private static String figure(double perplexity) {
        return String.format(Locale.ROOT, "%.3f", perplexity);
    }

    private static Map<String, Object> tree(Mean mean) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("scored", mean.count());
        tree.put("nll", mean.nll());
        tree.put("nllError95", JsonTree.of(mean.error()));
        tree.put("perplexity", mean.perplexity());
        return tree;
    }
}
