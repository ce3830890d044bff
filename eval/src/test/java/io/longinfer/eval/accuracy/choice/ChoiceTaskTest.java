package io.longinfer.eval.accuracy.choice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.eval.accuracy.TaskException;
import io.longinfer.eval.accuracy.choice.Question.Option;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChoiceTaskTest {
    @TempDir
    private Path folder;

    @Test
    void copa() throws IOException {
        List<Question> questions = read(
                ChoiceFormat.COPA,
                "{'premise': 'It fell. ', 'choice1': 'It broke.', 'choice2': 'I ran.', 'question': 'effect', 'label': 1}",
                "{'premise': 'It fell.', 'choice1': 'A b.', 'choice2': 'C d.', 'question': 'cause', 'label': 0}");
        assertEquals(
                new Question(
                        List.of(
                                new Option("It fell therefore", "it broke."),
                                new Option("It fell therefore", "i ran.")),
                        1),
                questions.getFirst());
        assertEquals("It fell because", questions.getLast().options().getLast().context());
        assertEquals("It fell because a b.\n\n", questions.getLast().solved());
    }

    @Test
    void piqaHasLabelsOfItsOwn() throws IOException {
        Path file =
                write("{'goal': 'Cut', 'sol1': 'Saw it', 'sol2': 'Eat it'}", "{'goal': 'x', 'sol1': 'y', 'sol2': 'z'}");
        Path labels = Files.writeString(folder.resolve("labels.lst"), "0\n1\n1\n");
        List<Question> questions = ChoiceTask.read(ChoiceFormat.PIQA, file, Optional.of(labels), 2);
        assertEquals(
                new Question(
                        List.of(
                                new Option("Question: Cut\nAnswer:", "Saw it"),
                                new Option("Question: Cut\nAnswer:", "Eat it")),
                        0),
                questions.getFirst());
        assertEquals(1, questions.getLast().right());
        refused("nothing found as \"label\"", () -> ChoiceTask.read(ChoiceFormat.PIQA, file, Optional.empty(), 2));
        Files.writeString(labels, "0\n");
        refused(
                "1 labels found, one for each of the 2 questions",
                () -> ChoiceTask.read(ChoiceFormat.PIQA, file, Optional.of(labels), 2));
        Files.writeString(labels, "0\n2\n");
        refused(
                labels + ", line 2: '2' found, 0 or 1 expected",
                () -> ChoiceTask.read(ChoiceFormat.PIQA, file, Optional.of(labels), 2));
    }

    @Test
    void openBookQa() throws IOException {
        Question question = read(
                        ChoiceFormat.OPENBOOKQA,
                        "{'id': '7', 'question': {'stem': 'The sun', 'choices': [{'text': 'cold', 'label': 'A'}, {'text':"
                                + " 'hot', 'label': 'B'}, {'text': 'wet', 'label': 'C'}]}, 'answerKey': ' B'}")
                .getFirst();
        assertEquals(1, question.right());
        assertEquals(
                List.of(new Option("The sun", "cold"), new Option("The sun", "hot"), new Option("The sun", "wet")),
                question.options());
    }

    @Test
    void rteAndWinoGrande() throws IOException {
        Question rte = read(ChoiceFormat.RTE, "{'premise': 'A.', 'hypothesis': 'B.', 'label': 'not_entailment'}")
                .getFirst();
        assertEquals("A.\nQuestion: B. True or False?\nAnswer: False\n\n", rte.solved());
        Question wino = read(
                        ChoiceFormat.WINOGRANDE,
                        "{'sentence': 'The cup hit the jar and _ broke.', 'option1': 'cup', 'option2': 'jar', 'answer': '2'}")
                .getFirst();
        assertEquals(
                new Question(
                        List.of(
                                new Option("The cup hit the jar and cup", "broke."),
                                new Option("The cup hit the jar and jar", "broke.")),
                        1),
                wino);
    }

    @Test
    void solvedQuestionsStandBefore() throws IOException {
        List<Question> questions = read(
                ChoiceFormat.RTE,
                "{'premise': 'A.', 'hypothesis': 'B.', 'label': 'entailment'}",
                "{'premise': 'C.', 'hypothesis': 'D.', 'label': 'entailment'}");
        ChoiceTask task = ChoiceTask.of(ChoiceFormat.RTE, questions.subList(0, 1), questions.subList(1, 2));
        assertEquals(
                "A.\nQuestion: B. True or False?\nAnswer: True\n\nC.\nQuestion: D. True or False?\nAnswer:",
                task.questions().getFirst().options().getFirst().context());
        assertThrows(IllegalArgumentException.class, () -> ChoiceTask.of(ChoiceFormat.RTE, questions, List.of()));
        assertThrows(
                IllegalArgumentException.class,
                () -> new Question(List.of(new Option("a", "b"), new Option("a", "c")), 2));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "COPA | {'premise': 'a', 'choice1': 'b', 'choice2': 'c', 'question': 'why', 'label': 0} | 'why' found as \"\"question\"\", cause or effect",
                "COPA | {'premise': ' ', 'choice1': 'b', 'choice2': 'c', 'question': 'cause', 'label': 0} | ' ' found as \"\"premise\"\"",
                "COPA | {'premise': 'a', 'choice1': '', 'choice2': 'c', 'question': 'cause', 'label': 0} | '' found as \"\"choice1\"\"",
                "COPA | {'premise': 'a', 'choice1': 'b', 'choice2': 'c', 'question': 'cause', 'label': 2} | '2' found as \"\"label\"\", a whole number from 0 to 1",
                "COPA | {'premise': 'a', 'choice1': 'b', 'choice2': 'c', 'question': 'cause'}            | nothing found as \"\"label\"\"",
                "RTE | {'premise': 'a', 'hypothesis': 'b', 'label': 'maybe'}                             | 'maybe' found as \"\"label\"\"",
                "RTE | {'premise': 'a', 'hypothesis': 3, 'label': 'entailment'}                          | '3' found as \"\"hypothesis\"\", a text",
                "OPENBOOKQA | {'question': 'x', 'answerKey': 'A'}                                        | 'x' found as \"\"question\"\", an object",
                "OPENBOOKQA | {'question': {'stem': 'x', 'choices': []}, 'answerKey': 'A'}               | '[]' found as \"\"choices\"\"",
                "OPENBOOKQA | {'question': {'stem': 'x', 'choices': ['y']}, 'answerKey': 'A'}            | '[y]' found as \"\"choices\"\"",
                "OPENBOOKQA | {'question': {'stem': 'x', 'choices': [{'text': 'y', 'label': 'A'}]}, 'answerKey': 'A'} | at least 2 choices",
                "OPENBOOKQA | {'question': {'stem': 'x', 'choices': [{'text': 'y', 'label': 'A'}, {'text': 'z', 'label': 'B'}]}, 'answerKey': 'C'} | 'C' found as \"\"answerKey\"\", one of A, B",
                "WINOGRANDE | {'sentence': 'a b.', 'option1': 'x', 'option2': 'y', 'answer': '1'}        | behind a gap",
                "WINOGRANDE | {'sentence': 'a _ b.', 'option1': 'x', 'option2': 'y', 'answer': '3'}      | '3' found as \"\"answer\"\", 1 or 2",
            })
    void whatIsWrongIsNamedByLine(ChoiceFormat format, String line, String expected) throws IOException {
        Path file = write("", line);
        refused(file + ", line 2: ", () -> ChoiceTask.read(format, file, Optional.empty(), 5));
        refused(expected.replace("\"\"", "\""), () -> ChoiceTask.read(format, file, Optional.empty(), 5));
    }

    private interface Reading {
        List<Question> read() throws IOException;
    }

    private static void refused(String expected, Reading reading) {
        TaskException refused = assertThrows(TaskException.class, reading::read);
        assertTrue(refused.getMessage().contains(expected), refused.getMessage());
    }

    private List<Question> read(ChoiceFormat format, String... lines) throws IOException {
        return ChoiceTask.read(format, write(lines), Optional.empty(), 13);
    }

    private Path write(String... lines) throws IOException {
        return Files.writeString(
                folder.resolve("file.jsonl"), String.join("\n", lines).replace('\'', '"') + "\n");
    }
}
