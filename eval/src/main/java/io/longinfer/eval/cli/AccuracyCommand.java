package io.longinfer.eval.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import io.longinfer.eval.accuracy.DepthGrid;
import io.longinfer.eval.accuracy.Sample;
import io.longinfer.eval.accuracy.ScoreTable;
import io.longinfer.eval.accuracy.Task;
import io.longinfer.eval.accuracy.TaskResult;
import io.longinfer.eval.accuracy.TaskRun;
import io.longinfer.eval.accuracy.TaskRun.Contender;
import io.longinfer.eval.accuracy.depth.DepthTasks;
import io.longinfer.eval.comparison.Variant;
import io.longinfer.model.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
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
                    + " niah_multikey_1 to 3, niah_multivalue, niah_multiquery, vt, cwe, fwe, qa_1, qa_2; passkey,"
                    + " number_string and kv_retrieval (InfiniteBench's), needle (a fact in a journal, what the embedded model"
                    + " was made for), needle_essay (a sentence in --essay), these with --depths as grids of depth by"
                    + " length; longbench (all of --longbench), or datasets of its files."
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
            description = "Default: longbench if its files are given, ruler if not.")
    private List<String> tasks;

    @Option(
            names = "--tokens",
            paramLabel = "N,...",
            converter = Converters.Positives.class,
            defaultValue = "2000",
            description = "Most tokens of a prompt and its answer. Default: ${DEFAULT-VALUE}.")
    private List<Integer> tokens;

    @Option(
            names = "--depths",
            paramLabel = "X,...",
            split = ",",
            converter = Converters.Ratio.class,
            description = "Where passkey, needle and their like hide what is asked for, 0 (begin) to 1 (end): --samples"
                    + " questions at each. Default: spread over the samples.")
    private List<Double> depths = List.of();

    @Option(
            names = "--samples",
            paramLabel = "N",
            converter = Converters.Positive.class,
            defaultValue = "10",
            description = "Questions of a task, at most. Default: ${DEFAULT-VALUE}.")
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

    /** A task as asked; {@code depth} if it hides something at a chosen one. */
    private record Asked(Task task, OptionalDouble depth) {}

    @Override
    public Integer call() throws IOException {
        try (LoadedModel loaded = LoadedModel.open(model.model, device)) {
            List<DepthGrid.Cell> cells = new ArrayList<>();
            for (int length : tokens) {
                List<Asked> asked = asked(loaded.model(), length);
                if (show) {
                    asked.forEach(each -> show(loaded, each.task()));
                } else {
                    cells.addAll(compare(loaded, asked, length));
                }
            }
            cells.stream()
                    .collect(Collectors.groupingBy(
                            cell -> cell.result().task() + cell.result().variant(),
                            LinkedHashMap::new,
                            Collectors.toList()))
                    .values()
                    .forEach(grid -> parent.streams().out().println(new DepthGrid(grid)));
            parent.streams().requireOpen();
        }
        return 0;
    }

    private List<Asked> asked(Model of, int length) throws IOException {
        List<Asked> asked = new ArrayList<>();
        for (String name : taskOptions.expand(tasks == null ? taskOptions.usual() : tasks)) {
            List<OptionalDouble> places =
                    depths.isEmpty() || !DepthTasks.names().contains(name)
                            ? List.of(OptionalDouble.empty())
                            : depths.stream().map(OptionalDouble::of).toList();
            for (OptionalDouble depth : places) {
                asked.add(new Asked(taskOptions.task(name, of, length, samples, seed.seed, depth), depth));
            }
        }
        return asked;
    }

    private void show(LoadedModel loaded, Task task) {
        Sample sample = task.sample(0);
        parent.streams().out().println("--- " + task.name() + ", references " + sample.references());
        parent.streams().out().println(Prompts.sample(loaded.model(), sample));
        parent.streams().requireOpen();
    }

    /** Asks everything of a length; gives back the results of what was hidden at a depth. */
    private List<DepthGrid.Cell> compare(LoadedModel loaded, List<Asked> asked, int length) throws IOException {
        TaskRun run = loaded.taskRun();
        Map<String, List<List<TaskResult>>> results = new LinkedHashMap<>();
        List<DepthGrid.Cell> cells = new ArrayList<>();
        for (Asked each : asked) {
            Task task = each.task();
            List<TaskResult> ofTask = run.of(
                    task,
                    contenders(loaded),
                    (done, total) -> {},
                    (done, total) -> parent.streams()
                            .progress(task.name() + ", " + length + " tokens: " + done + " of " + total + " answers"));
            results.computeIfAbsent(task.name(), name -> new ArrayList<>()).add(ofTask);
            for (TaskResult result : ofTask) {
                write(loaded, result, length, each.depth());
                each.depth().ifPresent(depth -> cells.add(new DepthGrid.Cell(depth, length, result)));
            }
        }
        parent.streams().progress("");
        List<List<TaskResult>> rows =
                results.values().stream().map(AccuracyCommand::merged).toList();
        parent.streams().out().println(new ScoreTable("score, %, " + length + " tokens", rows));
        parent.streams().requireOpen();
        return cells;
    }

    /** A task's results at several depths as one, for each variant. */
    private static List<TaskResult> merged(List<List<TaskResult>> atDepths) {
        List<TaskResult> merged = new ArrayList<>();
        for (int i = 0; i < atDepths.getFirst().size(); i++) {
            int column = i;
            merged.add(TaskResult.merged(
                    atDepths.stream().map(results -> results.get(column)).toList()));
        }
        return merged;
    }

    private List<Contender> contenders(LoadedModel loaded) {
        return variants.stream()
                .map(variant -> new Contender(
                        variant,
                        prefix -> variant.configuration(kv.config(
                                KvShares.ofAll(deviceShare, hostShare, prefix.kvBytes(1)),
                                loaded.model().shape(),
                                prefix.contextTokens(),
                                1))))
                .toList();
    }

    private void write(LoadedModel loaded, TaskResult result, int length, OptionalDouble depth) throws IOException {
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
        depth.ifPresent(value -> line.put("depth", value));
        line.put("batch", 1);
        line.put("haystack", taskOptions.haystack());
        line.putAll(result.toTree());
        Files.writeString(json, JSON.std.asString(line) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
