package io.longinfer.eval.cli;

import io.longinfer.eval.report.RunReport;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.model.Model;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code longinfer generate}: continues or answers a prompt. */
@Command(
        name = "generate",
        description = {
            "Answers a prompt, streaming the text to stdout.",
            "The prompt comes from --prompt, from --file, or from stdin; with --file and --prompt both, the file comes"
                    + " first, then an empty line, then --prompt. One line end at the end of a file or of stdin is"
                    + " dropped."
        })
final class GenerateCommand implements Callable<Integer> {
    @ParentCommand
    private LongInfer parent;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelOption model;

    @Option(
            names = {"-p", "--prompt"},
            paramLabel = "TEXT",
            description = "The prompt.")
    private String prompt;

    @Option(
            names = {"-f", "--file"},
            paramLabel = "FILE",
            description = "A file with the prompt, UTF-8.")
    private Path file;

    @Option(names = "--system", paramLabel = "TEXT", description = "What the system says before, in chat.")
    private String system;

    @Option(
            names = "--raw",
            description = "Continues the prompt as it stands. Default: chat, where the model has a template.")
    private boolean raw;

    @Option(
            names = {"-n", "--max-tokens"},
            paramLabel = "N",
            converter = Converters.Positive.class,
            defaultValue = "256",
            description = "Most tokens to generate. Default: ${DEFAULT-VALUE}.")
    private int maxTokens;

    @Mixin
    private SamplingArguments sampling;

    @Mixin
    private SeedOption seed;

    @Mixin
    private KvOptions kv;

    @Mixin
    private WeightOptions weights;

    @Mixin
    private DeviceOptions device;

    @Option(names = "--json", paramLabel = "FILE", description = "Writes the run's metrics, one JSON object.")
    private Path json;

    @Option(
            names = {"-q", "--quiet"},
            description = "No line of figures on stderr.")
    private boolean quiet;

    @Override
    public Integer call() throws IOException {
        if (raw && system != null) {
            throw new ParameterException(spec.commandLine(), "--system has no meaning with --raw");
        }
        String text = promptText();
        Streams streams = parent.streams();
        try (LoadedModel loaded = LoadedModel.open(model.model, device, weights.config(kv))) {
            int[] tokens = tokens(loaded.model(), text);
            int context = context(loaded.model(), tokens.length);
            KvConfig configuration =
                    kv.config(KvConfig.defaults(), loaded.model().shape(), context, 1);
            Run run = Run.of(
                    loaded,
                    new Run.Request("generate", tokens, maxTokens, context, configuration, sampling.options(seed.seed)),
                    new PrefillProgress(streams),
                    piece -> {
                        streams.out().print(piece);
                        streams.requireOpen();
                    });
            streams.out().println();
            streams.requireOpen();
            if (!quiet) {
                streams.err().println(figures(run.report()));
            }
            if (json != null) {
                run.report().write(json);
            }
        }
        return 0;
    }

    private int[] tokens(Model opened, String text) throws IOException {
        int[] tokens = raw ? Prompts.raw(opened, text) : Prompts.chat(opened, Optional.ofNullable(system), text);
        if (tokens.length == 0) {
            throw new IOException("the prompt is empty: it has no token");
        }
        return tokens;
    }

    private int context(Model opened, int promptTokens) {
        int needed = Math.addExact(promptTokens, maxTokens);
        int context = kv.context(needed);
        if (needed > context) {
            throw new ParameterException(
                    spec.commandLine(),
                    "the prompt has " + promptTokens + " tokens and --max-tokens is " + maxTokens + ", together more"
                            + " than --context " + context + ": at least " + needed + " expected");
        }
        int made = opened.shape().contextTokens();
        if (needed > made) {
            parent.streams()
                    .err()
                    .println("note: " + needed + " tokens, but the model was made for " + made
                            + "; what comes behind them may be nonsense");
        }
        return context;
    }

    private String promptText() throws IOException {
        if (file == null) {
            return prompt != null
                    ? prompt
                    : withoutLineEnd(parent.streams().in().readAllBytes());
        }
        String document = withoutLineEnd(Files.readAllBytes(file));
        return prompt == null ? document : document + "\n\n" + prompt;
    }

    private static String withoutLineEnd(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        if (text.endsWith("\r\n")) {
            return text.substring(0, text.length() - 2);
        }
        return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
    }

    private static String figures(RunReport report) {
        String recall = report.metrics().probeBytes() == 0
                ? ""
                : String.format(
                        Locale.ROOT,
                        "; recall %.1f %%, measured within these times",
                        100 * report.metrics().recall());
        return String.format(
                Locale.ROOT,
                "[%,d tokens read at %.0f/s, first token after %.2f s; %d more at %.1f/s, p50 %.1f ms, p99 %.1f ms%s]",
                report.timing().promptTokens(),
                report.timing().prefillTokensPerSecond(),
                report.timing().timeToFirstTokenNanos() / 1e9,
                report.timing().decode().count(),
                report.timing().decodeTokensPerSecond(),
                report.timing().decode().p50Nanos() / 1e6,
                report.timing().decode().p99Nanos() / 1e6,
                recall);
    }
}
