package io.longinfer.eval.cli;

import io.longinfer.eval.accuracy.Sample;
import io.longinfer.eval.accuracy.Task;
import io.longinfer.eval.accuracy.ruler.RulerException;
import io.longinfer.eval.accuracy.ruler.RulerSetting;
import io.longinfer.eval.accuracy.ruler.RulerTasks;
import io.longinfer.model.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.function.ToIntFunction;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** What accuracy tasks are made of. */
final class TaskOptions {
    /** Stands for all tasks of RULER that the given files allow. */
    private static final String RULER = "ruler";

    @Option(
            names = "--essay",
            paramLabel = "TEXT",
            description = "Text that RULER hides needles in (published: Paul Graham's essays). Default: journal text.")
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

    /** The names with {@code ruler} written out. */
    List<String> expand(List<String> names) {
        SequencedSet<String> expanded = new LinkedHashSet<>();
        for (String name : names) {
            if (name.equals(RULER)) {
                expanded.addAll(RulerTasks.namesWithoutFiles());
                if (squad != null) {
                    expanded.add("qa_1");
                }
                if (hotpot != null) {
                    expanded.add("qa_2");
                }
            } else {
                expanded.add(name);
            }
        }
        return List.copyOf(expanded);
    }

    /** Makes a task whose prompts and answers have up to {@code tokens} tokens. */
    Task task(String name, Model model, int tokens, int samples, long seed) throws IOException {
        ToIntFunction<Sample> length = sample -> Prompts.raw(model, Prompts.sample(model, sample)).length;
        RulerSetting setting =
                new RulerSetting(tokens, samples, seed, length, words(essay, "\\s+"), words(words, "\\s*\\R\\s*"));
        return RulerTasks.of(name, setting, Optional.ofNullable(squad), Optional.ofNullable(hotpot));
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
