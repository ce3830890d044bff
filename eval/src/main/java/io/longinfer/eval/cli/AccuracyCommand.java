package io.longinfer.eval.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import io.longinfer.eval.accuracy.Task;
import io.longinfer.eval.accuracy.TaskResult;
import io.longinfer.eval.accuracy.TaskRun;
import io.longinfer.eval.accuracy.TaskRun.Contender;
import io.longinfer.eval.comparison.Variant;
import io.longinfer.eval.report.Table;
import io.longinfer.eval.statistics.Interval;
import io.longinfer.kvcache.tier.Link;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.DoubleStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code longinfer accuracy}: how many questions several ways to manage KV answer right. */
@Command(
        name = "accuracy",
        description = {
            "Asks the questions of accuracy tasks and scores greedy answers, of several ways to manage KV side by side.",
            "Each prompt is read once; each variant takes that KV over, reads the prompt's last tokens itself and answers, by"
                    + " the same code that is timed. All KV lies on the device unless shares of it say else.",
            "Tasks: ruler (all of RULER that needs no file, and those whose files are given), or niah_single_1 to 3,"
                    + " niah_multikey_1 to 3, niah_multivalue, niah_multiquery, vt, cwe, fwe, qa_1, qa_2."
        })
final class AccuracyCommand implements Callable<Integer> {
    @ParentCommand
    private LongInfer parent;

    @Mixin
    private ModelOption model;

    @Option(
            names = "--tasks",
            paramLabel = "NAME,...",
            split = ",",
            defaultValue = "ruler",
            description = "Default: ${DEFAULT-VALUE}.")
    private List<String> tasks;

    @Option(
            names = "--tokens",
            paramLabel = "N,...",
            converter = Converters.Positives.class,
            defaultValue = "2000",
            description = "Most tokens of a prompt and its answer. Default: ${DEFAULT-VALUE}.")
    private List<Integer> tokens;

    @Option(
            names = "--samples",
            paramLabel = "N",
            converter = Converters.Positive.class,
            defaultValue = "10",
            description = "Questions of a task. Default: ${DEFAULT-VALUE}.")
    private int samples;

    @Option(
            names = "--variants",
            paramLabel = "NAME,...",
            split = ",",
            defaultValue = "full,quest,ours",
            converter = Variant.Converter.class,
            description = "What to compare, see longinfer latency. Default: ${DEFAULT-VALUE}.")
    private List<Variant> variants;

    @Option(
            names = "--device-share",
            paramLabel = "X",
            converter = Converters.Ratio.class,
            defaultValue = "1",
            description = "Device budget as a share of the KV; 1 for no limit. Default: ${DEFAULT-VALUE}.")
    private double deviceShare;

    @Option(
            names = "--host-share",
            paramLabel = "X",
            converter = Converters.Ratio.class,
            defaultValue = "0.125",
            description = "Host budget as a share of the KV, if the device has a limit. Default: ${DEFAULT-VALUE}.")
    private double hostShare;

    @Option(
            names = "--show",
            description = "Prints the first prompt of each task, with its references, and asks nothing.")
    private boolean show;

    @Mixin
    private TaskOptions taskOptions;

    @Mixin
    private SeedOption seed;

    @Mixin
    private KvOptions kv;

    @Mixin
    private DeviceOptions device;

    @Option(names = "--json", paramLabel = "FILE", description = "Appends one JSON line a task and variant.")
    private Path json;

    @Override
    public Integer call() throws IOException {
        try (LoadedModel loaded = LoadedModel.open(model.model, device)) {
            for (int length : tokens) {
                List<Task> made = new ArrayList<>();
                for (String name : taskOptions.expand(tasks)) {
                    made.add(taskOptions.task(name, loaded.model(), length, samples, seed.seed));
                }
                if (show) {
                    made.forEach(task -> show(loaded, task));
                } else {
                    compare(loaded, made, length);
                }
            }
        }
        return 0;
    }

    private void show(LoadedModel loaded, Task task) {
        var sample = task.sample(0);
        parent.streams().out().println("--- " + task.name() + ", references " + sample.references());
        parent.streams().out().println(Prompts.sample(loaded.model(), sample));
        parent.streams().requireOpen();
    }

    private void compare(LoadedModel loaded, List<Task> made, int length) throws IOException {
        TaskRun run = loaded.taskRun();
        List<Contender> contenders = variants.stream()
                .map(variant -> new Contender(
                        variant,
                        prefix -> variant.configuration(kv.config(
                                KvShares.ofAll(deviceShare, hostShare, prefix.kvBytes(1)),
                                loaded.model().shape(),
                                prefix.contextTokens(),
                                1))))
                .toList();
        List<List<TaskResult>> results = new ArrayList<>();
        for (Task task : made) {
            List<TaskResult> ofTask = run.of(
                    task,
                    contenders,
                    (done, total) -> {},
                    (done, total) -> parent.streams()
                            .progress(task.name() + ", " + length + " tokens: " + done + " of " + total + " answers"));
            results.add(ofTask);
            for (TaskResult result : ofTask) {
                write(loaded, result, length);
            }
        }
        parent.streams().progress("");
        print(length, results);
    }

    private void write(LoadedModel loaded, TaskResult result, int length) throws IOException {
        if (json == null) {
            return;
        }
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("kind", "accuracy");
        line.putAll(loaded.setting("accuracy", result.configuration(), result.contextTokens(), seed.seed)
                .toTree());
        line.put("variant", result.variant().label());
        line.put("ratio", result.configuration().selection().ratio());
        line.put("documentTokens", length);
        line.put("batch", 1);
        line.put("haystack", taskOptions.haystack());
        line.putAll(result.toTree());
        Files.writeString(json, JSON.std.asString(line) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private void print(int length, List<List<TaskResult>> results) {
        Table table = new Table();
        List<Object> head = new ArrayList<>(List.of("score, %, " + length + " tokens"));
        variants.forEach(variant -> head.add(variant.label()));
        table.row(head.toArray());
        for (List<TaskResult> ofTask : results) {
            List<Object> row = new ArrayList<>(List.of(ofTask.getFirst().task()));
            ofTask.forEach(result -> row.add(Interval.of(result.scores()).text(100)));
            table.row(row.toArray());
        }
        table.row(of("mean", results, column -> Interval.of(scores(column)).text(100)));
        table.row(of(
                "above " + variants.getFirst().label(),
                results,
                column -> Interval.ofDifferences(
                                scores(column),
                                scores(results.stream().map(List::getFirst).toList()))
                        .text(100)));
        table.row(of(
                "a step, ms, median of tasks",
                results,
                column -> String.format(Locale.ROOT, "%.1f", median(column) / 1e6)));
        table.row(of(
                "disk to host, KiB a step",
                results,
                column -> String.format(
                        Locale.ROOT,
                        "%.0f",
                        column.stream()
                                        .mapToDouble(result -> result.bytesPerStep(Link.DISK_TO_HOST))
                                        .average()
                                        .orElse(0)
                                / 1024)));
        parent.streams().out().println(table);
        parent.streams().requireOpen();
    }

    private Object[] of(
            String name, List<List<TaskResult>> results, java.util.function.Function<List<TaskResult>, String> cell) {
        List<Object> row = new ArrayList<>(List.of(name));
        for (int i = 0; i < variants.size(); i++) {
            int column = i;
            row.add(cell.apply(
                    results.stream().map(ofTask -> ofTask.get(column)).toList()));
        }
        return row.toArray();
    }

    private static double[] scores(List<TaskResult> column) {
        return column.stream()
                .flatMapToDouble(result -> Arrays.stream(result.scores()))
                .toArray();
    }

    private static double median(List<TaskResult> column) {
        double[] medians = column.stream()
                .mapToDouble(TaskResult::medianNanos)
                .filter(Double::isFinite)
                .sorted()
                .toArray();
        return medians.length == 0
                ? Double.NaN
                : DoubleStream.of(medians).skip(medians.length / 2).findFirst().orElseThrow();
    }
}
