package io.longinfer.eval.accuracy.choice;

import io.longinfer.eval.accuracy.JsonLine;
import io.longinfer.eval.accuracy.choice.Question.Option;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;

/** Public formats of questions, one JSON object a line, with the harness's prompts. */
public enum ChoiceFormat {
    /** SuperGLUE's COPA: {@code premise}, {@code choice1}, {@code choice2}, {@code question}, {@code label}. */
    COPA(false) {
        @Override
        Question read(JsonLine line, OptionalInt label) {
            String premise = filled(line, "premise").strip();
            String connector = switch (line.text("question")) {
                case "cause" -> " because";
                case "effect" -> " therefore";
                default -> throw line.wrong("question", "cause or effect");
            };
            String context = premise.substring(0, premise.length() - 1) + connector;
            return question(
                    context,
                    List.of(withoutCapital(filled(line, "choice1")), withoutCapital(filled(line, "choice2"))),
                    label.orElseGet(() -> line.index("label", 2)));
        }
    },
    /** PIQA: {@code goal}, {@code sol1}, {@code sol2}; labels in a file of their own, or as {@code label}. */
    PIQA(true) {
        @Override
        Question read(JsonLine line, OptionalInt label) {
            return question(
                    "Question: " + filled(line, "goal") + "\nAnswer:",
                    List.of(filled(line, "sol1"), filled(line, "sol2")),
                    label.orElseGet(() -> line.index("label", 2)));
        }
    },
    /** OpenBookQA: {@code question.stem}, {@code question.choices[].text} and {@code .label}, {@code answerKey}. */
    OPENBOOKQA(true) {
        @Override
        Question read(JsonLine line, OptionalInt label) {
            JsonLine inner = line.object("question");
            List<JsonLine> choices = inner.objects("choices");
            if (choices.size() < 2) {
                throw inner.wrong("choices", "at least 2 choices");
            }
            List<String> labels =
                    choices.stream().map(choice -> choice.text("label")).toList();
            int right = labels.indexOf(line.text("answerKey").strip());
            if (right < 0) {
                throw line.wrong("answerKey", "one of " + String.join(", ", labels));
            }
            return question(
                    filled(inner, "stem"),
                    choices.stream().map(choice -> filled(choice, "text")).toList(),
                    label.orElse(right));
        }
    },
    /** SuperGLUE's RTE: {@code premise}, {@code hypothesis}, {@code label}. */
    RTE(false) {
        @Override
        Question read(JsonLine line, OptionalInt label) {
            int right = label.orElseGet(() -> switch (line.text("label")) {
                case "entailment" -> 0;
                case "not_entailment" -> 1;
                default -> throw line.wrong("label", "entailment or not_entailment");
            });
            return question(
                    filled(line, "premise") + "\nQuestion: " + filled(line, "hypothesis") + " True or False?\nAnswer:",
                    List.of("True", "False"),
                    right);
        }
    },
    /** WinoGrande: {@code sentence} with a gap, {@code option1}, {@code option2}, {@code answer}; what follows the gap is scored. */
    WINOGRANDE(false) {
        @Override
        Question read(JsonLine line, OptionalInt label) {
            String sentence = filled(line, "sentence");
            int gap = sentence.indexOf('_');
            if (gap < 0 || sentence.substring(gap + 1).isBlank()) {
                throw line.wrong("sentence", "a sentence that goes on behind a gap '_'");
            }
            String before = sentence.substring(0, gap);
            String behind = sentence.substring(gap + 1).strip();
            int right = label.orElseGet(() -> switch (line.text("answer")) {
                case "1" -> 0;
                case "2" -> 1;
                default -> throw line.wrong("answer", "1 or 2");
            });
            return new Question(
                    List.of(
                            new Option(before + filled(line, "option1"), behind),
                            new Option(before + filled(line, "option2"), behind)),
                    right);
        }
    };

    private final boolean normalised;

    ChoiceFormat(boolean normalised) {
        this.normalised = normalised;
    }

    /**
     * Reads a question.
     *
     * @param label which option is right, where another file says so
     * @throws io.longinfer.eval.accuracy.TaskException if it is not as expected
     */
    abstract Question read(JsonLine line, OptionalInt label);

    /** Its name in options and tables. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether accuracy by likelihood a byte is published for it, too. */
    public boolean isNormalised() {
        return normalised;
    }

    private static Question question(String context, List<String> texts, int right) {
        List<Option> options = new ArrayList<>();
        texts.forEach(text -> options.add(new Option(context, text)));
        return new Question(options, right);
    }

    private static String filled(JsonLine line, String key) {
        String text = line.text(key);
        if (text.isBlank()) {
            throw line.wrong(key, "a text that is not blank");
        }
        return text;
    }

    private static String withoutCapital(String text) {
        return text.substring(0, 1).toLowerCase(Locale.ROOT) + text.substring(1);
    }
}
