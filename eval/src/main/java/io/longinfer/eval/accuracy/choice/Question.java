package io.longinfer.eval.accuracy.choice;

import java.util.List;

/**
 * A question with ways to go on.
 *
 * @param options at least two
 * @param right index of the right one
 */
public record Question(List<Option> options, int right) {
    /** What stands between two questions. */
    private static final String SEPARATOR = "\n\n";

    /**
     * One way to go on.
     *
     * @param context what is read before; the same for all options but for WinoGrande's
     * @param text what is scored, behind a blank
     */
    public record Option(String context, String text) {
        /** What is scored: the blank belongs to it. */
        String continuation() {
            return " " + text;
        }
    }

    public Question {
        options = List.copyOf(options);
        if (options.size() < 2 || right < 0 || right >= options.size()) {
            throw new IllegalArgumentException(
                    "a question has 2 options at least, one of them right, not " + options.size() + " and " + right);
        }
    }

    /** The question with its answer, as an example that precedes others. */
    String solved() {
        Option option = options.get(right);
        return option.context() + option.continuation() + SEPARATOR;
    }

    /** The same question behind examples. */
    Question behind(String examples) {
        return new Question(
                options.stream()
                        .map(option -> new Option(examples + option.context(), option.text()))
                        .toList(),
                right);
    }
}
