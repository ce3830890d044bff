package io.longinfer.eval.cli;

import io.longinfer.eval.documents.Answers;
import io.longinfer.eval.documents.Example;
import io.longinfer.eval.documents.Examples;
import io.longinfer.eval.report.RunReport;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.model.generation.SamplingOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code longinfer examples}: how many questions of a file are answered right. */
@Command(
        name = "examples",
        description = {
            "Asks the questions of a file about its documents, greedily, and counts right answers.",
            "An answer is right if it names exactly the expected number."
        })
final class ExamplesCommand implements Callable<Integer> {
    @ParentCommand
    private LongInfer parent;

    @Mixin
    private ModelOption model;

    @Option(
            names = {"-f", "--file"},
            required = true,
            paramLabel = "FILE",
            description = "A JSON array of objects with document, question, answer and answer_sentence, such as"
                    + " model/src/test/resources/needle/examples.json.")
    private Path file;

    @Option(
            names = {"-n", "--max-tokens"},
            paramLabel = "N",
            converter = Converters.Positive.class,
            defaultValue = "48",
            description = "Most tokens of an answer. Default: ${DEFAULT-VALUE}.")
    private int maxTokens;

    @Option(
            names = "--at-least",
            paramLabel = "N",
            converter = Converters.Natural.class,
            defaultValue = "0",
            description = "Exits with 1 if fewer answers are right. Default: ${DEFAULT-VALUE}.")
    private int atLeast;

    @Mixin
    private KvOptions kv;

    @Mixin
    private DeviceOptions device;

    @Option(names = "--json", paramLabel = "OUT", description = "Writes all answers, one JSON object.")
    private Path json;

    @Override
    public Integer call() throws IOException {
        List<Example> examples = Examples.read(file);
        KvConfig configuration = kv.config();
        List<Map<String, Object>> answers = new ArrayList<>();
        int right = 0;
        try (LoadedModel loaded = LoadedModel.open(model.model, device)) {
            for (Example example : examples) {
                Run run = answer(loaded, configuration, example);
                boolean isRight = Answers.names(run.text(), example.answer());
                right += isRight ? 1 : 0;
                parent.streams()
                        .out()
                        .println((isRight ? "right  " : "WRONG  ")
                                + run.report().timing().promptTokens() + " tokens  " + example.answerSentence()
                                + (isRight ? "" : "  <- " + run.text().strip().replace('\n', ' ')));
                parent.streams().requireOpen();
                answers.add(entry(example, run, isRight));
            }
            parent.streams().out().println(right + " of " + examples.size() + " right");
            parent.streams().requireOpen();
            if (json != null) {
                Map<String, Object> tree =
                        loaded.setting("examples", configuration, 0, 0).toTree();
                tree.put("right", right);
                tree.put("total", examples.size());
                tree.put("answers", answers);
                RunReport.write(json, tree);
            }
        }
        return right >= atLeast ? 0 : 1;
    }

    private Run answer(LoadedModel loaded, KvConfig configuration, Example example) throws IOException {
        int[] prompt = Prompts.chat(loaded.model(), Optional.empty(), example.prompt());
        return Run.of(
                loaded,
                new Run.Request(
                        "examples",
                        prompt,
                        maxTokens,
                        kv.context(prompt.length + maxTokens),
                        configuration,
                        SamplingOptions.GREEDY),
                new PrefillProgress(parent.streams()),
                piece -> {});
    }

    private static Map<String, Object> entry(Example example, Run run, boolean isRight) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("question", example.question());
        entry.put("expected", example.answer());
        entry.put("answer", run.text());
        entry.put("right", isRight);
        entry.put("promptTokens", run.report().timing().promptTokens());
        entry.put("timeToFirstTokenMillis", run.report().timing().timeToFirstTokenNanos() / 1e6);
        return entry;
    }
}
