package io.longinfer.eval.accuracy.choice;

import io.longinfer.eval.accuracy.JsonLine;
import io.longinfer.eval.accuracy.TaskException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Questions of one format, each behind the same solved ones.
 *
 * @param format where they are from
 * @param questions at least one, examples included
 */
public record ChoiceTask(ChoiceFormat format, List<Question> questions) {
    public ChoiceTask {
        questions = List.copyOf(questions);
        if (questions.isEmpty()) {
            throw new IllegalArgumentException("a task has at least 1 question");
        }
    }

    /**
     * Puts questions behind solved ones.
     *
     * @param shots solved questions, such as of the training set; they are not asked
     */
    public static ChoiceTask of(ChoiceFormat format, List<Question> shots, List<Question> questions) {
        StringBuilder examples = new StringBuilder();
        shots.forEach(shot -> examples.append(shot.solved()));
        return new ChoiceTask(
                format,
                questions.stream()
                        .map(question -> question.behind(examples.toString()))
                        .toList());
    }

    /**
     * Reads the first questions of a file.
     *
     * @param labels a file with the index of the right option a line, as PIQA has
     * @param most how many at most
     * @throws TaskException if anything in the files is not as expected, by file and line
     */
    public static List<Question> read(ChoiceFormat format, Path file, Optional<Path> labels, int most)
            throws IOException {
        List<JsonLine> lines = JsonLine.read(file, most);
        List<Integer> right = labels.isPresent() ? labels(labels.get()) : List.of();
        if (labels.isPresent() && right.size() < lines.size()) {
            throw new TaskException(labels.get() + ": " + right.size() + " labels found, one for each of the "
                    + lines.size() + " questions used of " + file + " expected");
        }
        List<Question> questions = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            OptionalInt label = labels.isPresent() ? OptionalInt.of(right.get(i)) : OptionalInt.empty();
            questions.add(format.read(lines.get(i), label));
        }
        return questions;
    }

    private static List<Integer> labels(Path file) throws IOException {
        List<String> lines = Files.readAllLines(file);
        List<Integer> labels = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String text = lines.get(i).strip();
            if (!text.matches("[01]")) {
                throw new TaskException(file + ", line " + (i + 1) + ": '" + text + "' found, 0 or 1 expected");
            }
            labels.add(Integer.valueOf(text));
        }
        return labels;
    }
}
