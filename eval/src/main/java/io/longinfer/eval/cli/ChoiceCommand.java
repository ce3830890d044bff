package io.longinfer.eval.cli;

import io.longinfer.eval.accuracy.ScoreTable;
import io.longinfer.eval.accuracy.TaskException;
import io.longinfer.eval.accuracy.TaskResult;
import io.longinfer.eval.accuracy.choice.ChoiceFormat;
import io.longinfer.eval.accuracy.choice.ChoiceResult;
import io.longinfer.eval.accuracy.choice.ChoiceRun;
import io.longinfer.eval.accuracy.choice.ChoiceTask;
import io.longinfer.eval.accuracy.choice.Question;
import io.longinfer.eval.comparison.Variant;
import io.longinfer.eval.report.RunReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code longinfer choice}: multiple choice by likelihood, with several ways to manage KV. */
@Command(
        name = "choice",
        description = {
            "Asks multiple-choice questions of a file: of several ways to go on, the one that the model finds likeliest, of"
                    + " several ways to manage KV side by side.",
            "Formats, each one JSON object a line as published: copa and rte (SuperGLUE), piqa (labels in a file of their own),"
                    + " openbookqa, winogrande. Prompts are those of EleutherAI's lm-evaluation-harness, without chat template.",
            "A context is read once; each variant takes its KV over and reads the context's last token and an option's tokens one"
                    + " by one, by the same code that is timed."
        })
final class ChoiceCommand implements Callable<Integer> {
    @ParentCommand
    private LongInfer parent;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelOption model;

    @Option(
            names = "--task",
            required = true,
            paramLabel = "copa|piqa|openbookqa|rte|winogrande",
            converter = Converters.ChoiceFormatName.class,
            description = "The file's format.")
    private ChoiceFormat task;

    @Option(
            names = {"-f", "--file"},
            required = true,
            paramLabel = "FILE",
            description = "The questions.")
    private Path file;

    @Option(
            names = "--labels",
            paramLabel = "FILE",
            description = "PIQA's labels, 0 or 1 a line. Default: what the questions say.")
    private Path labels;

    @Option(
            names = "--shots",
            paramLabel = "N",
            converter = Converters.Natural.class,
            defaultValue = "0",
            description = "Solved questions before each. Default: ${DEFAULT-VALUE}.")
    private int shots;

    @Option(
            names = "--train",
            paramLabel = "FILE",
            description = "Where they are from. Default: the first questions of --file, which are not asked then.")
    private Path train;

    @Option(names = "--train-labels", paramLabel = "FILE", description = "The labels of --train, as --labels.")
    private Path trainLabels;

    @Option(
            names = "--samples",
            paramLabel = "N",
            converter = Converters.Positive.class,
            defaultValue = "100",
            description = "Questions asked, at most. Default: ${DEFAULT-VALUE}.")
    private int samples;

    @Option(
            names = "--variants",
            paramLabel = "NAME,...",
            split = ",",
            defaultValue = "full,quest,ours",
            converter = Variant.Converter.class,
            description = "What to compare with the first, see longinfer latency. Default: ${DEFAULT-VALUE}.")
    private List<Variant> variants;

    @Mixin
    private ShareOptions shares;

    @Option(names = "--show", description = "Prints the first question with its options, and asks nothing.")
    private boolean show;

    @Mixin
    private KvOptions kv;

    @Mixin
    private DeviceOptions device;

    @Option(names = "--json", paramLabel = "FILE", description = "Appends one JSON line a variant.")
    private Path json;

    @Override
    public Integer call() throws IOException {
        if (train != null && shots == 0) {
            throw new ParameterException(spec.commandLine(), "--train has questions to show, but --shots is 0");
        }
        ChoiceTask questions = questions();
        if (show) {
            show(questions.questions().getFirst());
            return 0;
        }
        try (LoadedModel loaded = LoadedModel.open(model.model, device)) {
            List<ChoiceResult> results = new ChoiceRun(
                            loaded.engine(), loaded.weights(), loaded.model().tokenizer(), loaded.prefillBlock())
                    .of(
                            questions,
                            shares.contenders(variants, kv, loaded),
                            (done, total) -> parent.streams()
                                    .progress(task.label() + ": " + done + " of " + total + " answers"));
            parent.streams().progress("");
            print("accuracy, %", results, ChoiceResult::accuracy);
            if (task.isNormalised()) {
                print("by likelihood a byte, %", results, ChoiceResult::normalised);
            }
            for (ChoiceResult result : results) {
                write(loaded, result);
            }
        }
        return 0;
    }

    private ChoiceTask questions() throws IOException {
        List<Question> solved = new ArrayList<>();
        List<Question> asked = new ArrayList<>();
        if (train == null) {
            List<Question> all = ChoiceTask.read(task, file, Optional.ofNullable(labels), shots + samples);
            solved.addAll(all.subList(0, Math.min(shots, all.size())));
            asked.addAll(all.subList(solved.size(), all.size()));
        } else {
            solved.addAll(ChoiceTask.read(task, train, Optional.ofNullable(trainLabels), shots));
            asked.addAll(ChoiceTask.read(task, file, Optional.ofNullable(labels), samples));
        }
        if (solved.size() < shots || asked.isEmpty()) {
            throw new TaskException((train == null ? file : train) + ": " + solved.size() + " questions found, " + shots
                    + " to show" + (train == null ? " and one to ask" : "") + " expected");
        }
        return ChoiceTask.of(task, solved, asked);
    }

    private void show(Question question) {
        for (Question.Option option : question.options()) {
            boolean right = option.equals(question.options().get(question.right()));
            parent.streams().out().println("--- " + (right ? "right" : "wrong") + ": '" + option.text() + "' behind");
            parent.streams().out().println(option.context());
        }
        parent.streams().requireOpen();
    }

    private void print(String title, List<ChoiceResult> results, Function<ChoiceResult, TaskResult> part) {
        parent.streams()
                .out()
                .println(
                        new ScoreTable(title, List.of(results.stream().map(part).toList())));
        parent.streams().requireOpen();
    }

    private void write(LoadedModel loaded, ChoiceResult result) throws IOException {
        if (json == null) {
            return;
        }
        TaskResult accuracy = result.accuracy();
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("kind", "choice");
        line.putAll(loaded.setting("choice", accuracy.configuration(), accuracy.contextTokens(), 0)
                .toTree());
        line.put("variant", accuracy.variant().label());
        line.put("ratio", accuracy.configuration().selection().ratio());
        line.put("documentTokens", accuracy.contextTokens());
        line.put("batch", 1);
        line.put("file", file.toString());
        line.put("shots", shots);
        line.putAll(result.toTree());
        RunReport.append(json, line);
    }
}
