package io.longinfer.eval.cli;

import io.longinfer.eval.accuracy.Sample;
import io.longinfer.eval.accuracy.Task;
import io.longinfer.eval.accuracy.TaskException;
import io.longinfer.eval.accuracy.depth.DepthSetting;
import io.longinfer.eval.accuracy.depth.DepthTasks;
import io.longinfer.eval.accuracy.longbench.LongBenchTask;
import io.longinfer.eval.accuracy.ruler.RulerException;
import io.longinfer.eval.accuracy.ruler.RulerSetting;
import io.longinfer.eval.accuracy.ruler.RulerTasks;
import io.longinfer.model.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SequencedSet;
import java.util.function.ToIntFunction;
import java.util.regex.Pattern;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What accuracy tasks are made of. */
final class TaskOptions {
    /** Stands for all tasks of RULER that the given files allow. */
    private static final String RULER = "ruler";

    @Option(
            names = "--essay",
            paramLabel = "TEXT",
            description =
                    "Text that RULER and needle_essay hide needles in (published: Paul Graham's essays). Default: journal"
                            + " text for RULER.")
    private Path essay;

    @Option(
            names = "--words",
            paramLabel = "FILE",
            description =
                    "Words that RULER's cwe counts, one a line (published: the lists of wonderwords). Default: ours.")
    private Path words;

    @Option(names = "--squad", paramLabel = "FILE", description = "SQuAD 2.0 as JSON, for RULER's qa_1.")
    private Path squad;

    @Option(
            names = "--hotpot",
            paramLabel = "FILE",
            description = "HotpotQA with distractors as JSON, for RULER's qa_2.")
    private Path hotpot;

    @Mixin
    private LongBenchArguments longBench;

    @Mixin
    private NeedleArguments needle;

    /** What is asked if nothing is named: the given files of LongBench, or RULER. */
    List<String> usual() {
        return List.of(longBench.given() ? LongBenchArguments.ALL : RULER);
    }

    /** The names with {@code ruler} and {@code longbench} written out. */
    List<String> expand(List<String> names) throws IOException {
        SequencedSet<String> expanded = new LinkedHashSet<>();
        for (String name : names) {
            switch (name) {
                case RULER -> expanded.addAll(ruler());
                case LongBenchArguments.ALL -> {
                    if (!longBench.given()) {
                        throw new TaskException("task longbench asks questions of files: --longbench FILE expected");
                    }
                    expanded.addAll(longBench.names());
                }
                default -> expanded.add(name);
            }
        }
        return List.copyOf(expanded);
    }

    private List<String> ruler() {
        List<String> names = new ArrayList<>(RulerTasks.namesWithoutFiles());
        if (squad != null) {
            names.add("qa_1");
        }
        if (hotpot != null) {
            names.add("qa_2");
        }
        return names;
    }

    /** Makes a task whose prompts and answers have up to {@code tokens} tokens. */
    Task task(String name, Model model, int tokens, int samples, long seed) throws IOException {
        return task(name, model, tokens, samples, seed, OptionalDouble.empty());
    }

    /**
     * Makes a task whose prompts and answers have up to {@code tokens} tokens.
     *
     * @param depth where tasks of {@link DepthTasks} hide what is asked for; spread over the samples if empty
     */
    Task task(String name, Model model, int tokens, int samples, long seed, OptionalDouble depth) throws IOException {
        ToIntFunction<Sample> length = sample -> Prompts.raw(model, Prompts.sample(model, sample)).length;
        Optional<Task> ofFile = longBench.task(name, model, tokens, samples, length);
        if (ofFile.isPresent()) {
            return ofFile.get();
        }
        if (DepthTasks.names().contains(name)) {
            ToIntFunction<String> counter = text -> model.tokenizer().encode(text, false, false).length;
            DepthSetting setting = new DepthSetting(tokens, samples, seed, depth, length);
            return DepthTasks.of(name, setting, counter, needle.in(Optional.ofNullable(essay)));
        }
        if (RulerTasks.names().contains(name)) {
            RulerSetting setting =
                    new RulerSetting(tokens, samples, seed, length, words(essay, "\\s+"), words(words, "\\s*\\R\\s*"));
            return RulerTasks.of(name, setting, Optional.ofNullable(squad), Optional.ofNullable(hotpot));
        }
        throw new TaskException(
                LongBenchTask.isKnown(name)
                        ? "task " + name + " is LongBench's: --longbench FILE with that dataset expected"
                        : "'" + name + "' found as a task, one of ruler, " + String.join(", ", RulerTasks.names())
                                + ", " + String.join(", ", DepthTasks.names())
                                + ", longbench or a dataset of its files expected");
    }

    /** What reports say of the texts: files, or what stands for them. */
    String haystack() {
        return essay == null ? "journal" : essay.toString();
    }

    private static Optional<List<String>> words(Path file, String separator) throws IOException {
        if (file == null) {
            return Optional.empty();
        }
        List<String> words = Pattern.compile(separator)
                .splitAsStream(Files.readString(file))
                .filter(word -> !word.isBlank())
                .map(String::strip)
                .toList();
        if (words.isEmpty()) {
            throw new RulerException(file + ": no words in it");
        }
        return Optional.of(words);
    }
}
