package io.longinfer.eval.cli;

import io.longinfer.eval.accuracy.Sample;
import io.longinfer.eval.accuracy.Task;
import io.longinfer.eval.accuracy.longbench.LongBenchMetric;
import io.longinfer.eval.accuracy.longbench.LongBenchOptions;
import io.longinfer.eval.accuracy.longbench.LongBenchTask;
import io.longinfer.model.Model;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.ToIntFunction;
import picocli.CommandLine.Option;

/** Files in LongBench's format, and how to ask them. */
final class LongBenchArguments {
    /** Stands for all datasets of the given files. */
    static final String ALL = "longbench";

    @Option(
            names = "--longbench",
            paramLabel = "FILE,...",
            split = ",",
            description =
                    "Files in LongBench's format (JSON lines), one a dataset: asked with its prompts, scored with its"
                            + " metrics. Prompts that are too long lose their middle.")
    private List<Path> files = List.of();

    @Option(
            names = "--longbench-prompt",
            paramLabel = "TEXT",
            description =
                    "In place of the published prompt: fields of a line in braces, such as {context} and {input}.")
    private String prompt;

    @Option(
            names = "--longbench-metric",
            paramLabel = "f1|rouge-l|edit|retrieval|count|classification",
            converter = Converters.LongBenchMetricName.class,
            description = "In place of the published metric.")
    private LongBenchMetric metric;

    @Option(
            names = "--longbench-answer",
            paramLabel = "N",
            converter = Converters.Positive.class,
            description = "Most tokens of an answer, in place of the published number.")
    private Integer answerTokens;

    /** Whether any file is given. */
    boolean given() {
        return !files.isEmpty();
    }

    /** The names of the files' datasets, in the order of the files. */
    List<String> names() throws IOException {
        List<String> names = new ArrayList<>();
        for (Path file : files) {
            names.add(LongBenchTask.name(file));
        }
        return names;
    }

    /** The dataset of a name, if a file has it. */
    Optional<Task> task(String name, Model model, int tokens, int samples, ToIntFunction<Sample> length)
            throws IOException {
        int index = names().indexOf(name);
        if (index < 0) {
            return Optional.empty();
        }
        LongBenchOptions options = new LongBenchOptions(
                tokens,
                samples,
                length,
                model.tokenizer(),
                Optional.ofNullable(prompt),
                Optional.ofNullable(metric),
                answerTokens == null ? OptionalInt.empty() : OptionalInt.of(answerTokens));
        return Optional.of(LongBenchTask.read(files.get(index), options));
    }
}
