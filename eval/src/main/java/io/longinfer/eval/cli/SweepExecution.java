package io.longinfer.eval.cli;

import io.longinfer.eval.accuracy.Task;
import io.longinfer.eval.accuracy.TaskResult;
import io.longinfer.eval.comparison.Contender;
import io.longinfer.eval.comparison.Prefix;
import io.longinfer.eval.latency.DecodeRun;
import io.longinfer.eval.perplexity.Likelihoods;
import io.longinfer.eval.perplexity.TextRun;
import io.longinfer.eval.perplexity.Windows;
import io.longinfer.eval.report.JsonTree;
import io.longinfer.eval.sweep.Cell;
import io.longinfer.eval.sweep.Pace;
import io.longinfer.eval.sweep.Pace.Part;
import io.longinfer.eval.sweep.ResultLog;
import io.longinfer.eval.sweep.RunOrder.BlockOfRuns;
import io.longinfer.eval.sweep.Sweep;
import io.longinfer.eval.sweep.SweepException;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.KvPlanException;
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
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import picocli.CommandLine;

/** Does the runs of a sweep one by one and notes each when it is done. Used by one thread but for {@link #doneOfAll}. */
final class SweepExecution implements AutoCloseable {
    private final Sweep sweep;
    private final Path file;
    private final DeviceOptions device;
    private final TaskOptions tasks;
    private final ResultLog log;
    private final Streams streams;
    private final int total;
    private final Pace pace = new Pace();

    private String loadedName = "";
    private Optional<LoadedModel> loaded = Optional.empty();
    private final AtomicInteger done = new AtomicInteger();

    SweepExecution(
            Sweep sweep,
            Path file,
            DeviceOptions device,
            TaskOptions tasks,
            ResultLog log,
            Streams streams,
            int total) {
        this.sweep = sweep;
        this.file = file;
        this.device = device;
        this.tasks = tasks;
        this.log = log;
        this.streams = streams;
        this.total = total;
    }

    /**
     * The options of KV that a run has.
     *
     * @throws SweepException if there is no such option or it does not take the value
     */
    static KvOptions options(Path file, Cell cell) {
        try {
            return KvOptions.parse(cell.arguments());
        } catch (CommandLine.ParameterException wrong) {
            throw new SweepException(file, "kv: " + wrong.getMessage());
        }
    }

    /** How far it is, such as {@code "3 of 20"}. */
    String doneOfAll() {
        return done.get() + " of " + total;
    }

    /** Does what is left. */
    void run(List<BlockOfRuns> blocks) throws IOException {
        done.set(total - blocks.stream().mapToInt(block -> block.cells().size()).sum());
        for (BlockOfRuns block : blocks) {
            pace.plan(Part.PROMPTS, promptWork(block));
            for (Cell cell : block.cells()) {
                pace.plan(Part.RUNS, runWork(cell));
            }
        }
        for (BlockOfRuns block : blocks) {
            run(block, model(block.group().model()));
        }
        streams.progress("");
    }

    /** Attention makes long prompts dearer than their length. */
    private static double promptWork(BlockOfRuns block) {
        double length = block.group().tokens();
        return block.sequences() * length * (1 + length / 8000);
    }

    private double runWork(Cell cell) {
        return cell.batch()
                * (sweep.warmUp()
                        + sweep.steps()
                        + (sweep.ownPrefill() ? cell.group().tokens() : 0.0));
    }

    private LoadedModel model(String name) throws IOException {
        if (!loadedName.equals(name)) {
            close();
            loaded = Optional.of(LoadedModel.open(name, device));
            loadedName = name;
        }
        return loaded.orElseThrow();
    }

    private void run(BlockOfRuns block, LoadedModel model) throws IOException {
        switch (sweep.kind()) {
            case LATENCY -> latency(block, model);
            case ACCURACY -> accuracy(block, model);
            case PERPLEXITY -> perplexity(block, model);
        }
    }

    /** All runs of a block at once, sample by sample, as they share prompts. */
    private void accuracy(BlockOfRuns block, LoadedModel model) throws IOException {
        Cell.Group group = block.group();
        Task task = tasks.task(group.task(), model.model(), group.tokens(), sweep.samples(), sweep.seed());
        List<Contender> contenders = block.cells().stream()
                .map(cell -> new Contender(cell.variant(), prefix -> configuration(cell, model, prefix)))
                .toList();
        String what = group.task() + ", " + group.tokens() + " tokens, " + contenders.size() + " runs";
        announce(what);
        long start = System.nanoTime();
        List<TaskResult> results = model.taskRun()
                .of(
                        task,
                        contenders,
                        (done, total) -> {},
                        (done, total) -> announce(what + ", answer " + done + " of " + total));
        long each = (System.nanoTime() - start) / (contenders.size() + 1);
        pace.done(Part.PROMPTS, promptWork(block), each);
        for (int i = 0; i < results.size(); i++) {
            Cell cell = block.cells().get(i);
            TaskResult result = results.get(i);
            Map<String, Object> line = line(cell, model, result.configuration(), result.contextTokens());
            line.put("haystack", tasks.haystack());
            line.putAll(result.toTree());
            finish(cell, line, each);
        }
    }

    private void perplexity(BlockOfRuns block, LoadedModel model) throws IOException {
        Path text = sweep.text().orElseThrow();
        int window = block.group().tokens();
        int dense = window / 2;
        int[] ids = model.model().tokenizer().encode(Files.readString(text), true, false);
        int wanted = Math.toIntExact(window + 1 + (sweep.samples() - 1L) * (window - dense));
        if (ids.length < dense + 2) {
            throw new SweepException(
                    file,
                    text + " has " + ids.length + " tokens, windows of " + window + " need " + (dense + 2)
                            + " at least");
        }
        int[] used = Arrays.copyOf(ids, Math.min(ids.length, wanted));
        Windows windows = new Windows(used.length, window, window - dense, dense);
        for (Cell cell : block.cells()) {
            announce(cell.id());
            long start = System.nanoTime();
            long kvBytes = model.model().shape().kvBytesPerToken() * window;
            KvConfig usual = KvShares.ofAll(cell.deviceShare(), cell.hostShare(), kvBytes);
            KvConfig configuration = cell.variant()
                    .configuration(
                            options(file, cell).config(usual, model.model().shape(), window, 1));
            try (InferenceSession session = model.session(configuration, window)) {
                TextRun run = TextRun.of(session, used, windows, (done, total) -> {});
                Map<String, Object> line = line(cell, model, configuration, window);
                line.put("file", text.toString());
                line.put("windows", JsonTree.of(windows));
                Likelihoods.Mean mean = run.likelihoods().mean();
                line.put("perplexity", mean.perplexity());
                line.put("nll", Map.of("count", mean.count(), "mean", mean.nll(), "halfWidth", mean.error()));
                line.put("nllByToken", JsonTree.of(run.likelihoods().values()));
                finish(cell, line, System.nanoTime() - start);
            }
        }
        pace.done(Part.PROMPTS, promptWork(block), 0);
    }

    private void latency(BlockOfRuns block, LoadedModel model) throws IOException {
        int steps = sweep.warmUp() + sweep.steps();
        List<int[]> prompts = new ArrayList<>();
        for (int sequence = 0; sequence < block.sequences(); sequence++) {
            prompts.add(Prompts.document(model.model(), block.group().tokens(), sweep.seed() + sequence));
        }
        announce("prompts of " + block.group().tokens() + " tokens");
        long start = System.nanoTime();
        boolean tokenStatistics =
                block.cells().stream().anyMatch(cell -> cell.variant().learnsTokens());
        try (Prefix prefix = Prefix.read(
                model.engine(),
                model.weights(),
                prompts,
                steps,
                steps,
                model.prefillBlock(),
                tokenStatistics,
                progress())) {
            pace.done(Part.PROMPTS, promptWork(block), System.nanoTime() - start);
            for (Cell cell : block.cells()) {
                announce(cell.id());
                start = System.nanoTime();
                KvConfig configuration = configuration(cell, model, prefix);
                Map<String, Object> line = line(cell, model, configuration, prefix.contextTokens());
                line.put("warmUpSteps", sweep.warmUp());
                line.putAll(decode(cell, configuration, prefix).toTree());
                finish(cell, line, System.nanoTime() - start);
            }
        }
    }

    private DecodeRun decode(Cell cell, KvConfig configuration, Prefix prefix) throws IOException {
        try {
            return sweep.ownPrefill()
                    ? DecodeRun.withPrefill(
                            prefix,
                            cell.batch(),
                            cell.variant(),
                            configuration,
                            sweep.warmUp(),
                            sweep.steps(),
                            progress())
                    : DecodeRun.of(prefix, cell.batch(), cell.variant(), configuration, sweep.warmUp(), sweep.steps());
        } catch (KvPlanException refused) {
            throw new SweepException(file, "run '" + cell.id() + "': " + refused.getMessage());
        }
    }

    private KvConfig configuration(Cell cell, LoadedModel model, Prefix prefix) {
        KvConfig usual = KvShares.ofAll(cell.deviceShare(), cell.hostShare(), prefix.kvBytes(cell.batch()));
        KvConfig ours = options(file, cell).config(usual, model.model().shape(), prefix.contextTokens(), cell.batch());
        return cell.variant().configuration(ours);
    }

    private Map<String, Object> line(Cell cell, LoadedModel model, KvConfig configuration, int contextTokens) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("kind", sweep.kind().name().toLowerCase(Locale.ROOT));
        line.put("sweep", sweep.name());
        line.putAll(cell.toTree());
        line.put("ratio", configuration.selection().ratio());
        line.putAll(model.setting("sweep " + file, configuration, contextTokens, sweep.seed())
                .toTree());
        return line;
    }

    private void finish(Cell cell, Map<String, Object> line, long nanos) throws IOException {
        log.append(line);
        done.incrementAndGet();
        pace.done(Part.RUNS, runWork(cell), nanos);
    }

    private PrefillProgress progress() {
        return new PrefillProgress(streams);
    }

    private void announce(String what) {
        streams.progress(doneOfAll() + pace.text() + "  " + what);
    }

    @Override
    public void close() {
        loaded.ifPresent(LoadedModel::close);
        loaded = Optional.empty();
        loadedName = "";
    }
}
