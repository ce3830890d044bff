package io.longinfer.eval.accuracy.ruler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.eval.accuracy.Sample;
import io.longinfer.eval.accuracy.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuestionAnsweringTest {
    private static final String SQUAD = """
            {"version": "v2.0", "data": [
              {"title": "Mills", "paragraphs": [
                {"context": "The mill stands by the river.", "qas": [
                  {"question": "Where is the mill?", "is_impossible": false, "answers": [
                    {"text": "by the river"}, {"text": "the river"}, {"text": "by the river"}]},
                  {"question": "Who built it?", "is_impossible": true, "answers": []}]},
                {"context": "A miller grinds corn.", "qas": [
                  {"question": "What does a miller grind?", "answers": [{"text": "corn"}]}]}]},
              {"title": "Towers", "paragraphs": [
                {"context": "The tower is tall.", "qas": []},
                {"context": "The mill stands by the river.", "qas": []}]}]}
            """;
    private static final String HOTPOT = """
            [{"question": "Which is taller?", "answer": "the tower",
              "context": [["Tower", ["It is tall.", " Very."]], ["Mill", ["It is low."]]]}]
            """;

    @TempDir
    private Path folder;

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("set.json"), text);
    }

    private static RulerSetting setting() {
        return new RulerSetting(
                200,
                2,
                1,
                sample -> (sample.prompt() + sample.answerPrefix()).split("\\s+", -1).length,
                Optional.empty(),
                Optional.empty());
    }

    @Test
    void goldAndOtherDocumentsAreShuffledTogether() throws IOException {
        Task task = RulerTasks.of("qa_1", setting(), Optional.of(file(SQUAD)), Optional.empty());
        Sample sample = task.sample(0);
        assertEquals(List.of("by the river", "the river"), sample.references());
        assertTrue(sample.prompt().endsWith("\n\nQuestion: Where is the mill?"), sample.prompt());
        assertTrue(sample.prompt().contains("\nThe mill stands by the river."));
        for (int i = 1; i <= 3; i++) {
            assertTrue(sample.prompt().contains("\n\nDocument " + i + ":\n"), sample.prompt());
        }
        assertEquals(" Answer:", sample.answerPrefix());
        assertEquals(List.of("corn"), task.sample(1).references());
        assertEquals(1, task.metric().score("They grind Corn.", task.sample(1).references()));
    }

    @Test
    void hotpotHasTitlesAndSentences() throws IOException {
        QuestionSet set = QuestionSet.hotpot(file(HOTPOT));
        assertEquals(List.of("Tower\nIt is tall. Very.", "Mill\nIt is low."), set.documents());
        assertEquals(
                List.of(new QuestionSet.Question("Which is taller?", List.of("the tower"), List.of(0, 1), List.of())),
                set.questions());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[]                                                     | the file is no object",
                "{\"data\": 1}                                          | the file has no list 'data'",
                "{\"data\": []}                                         | the file has no question with an answer",
                "{\"data\": [{\"paragraphs\": [{\"qas\": []}]}]}        | data[0].paragraphs[0] has no text 'context'",
                "{\"data\": [{\"paragraphs\": [{\"context\": \"c\", \"qas\": [{\"question\": \"q\", \"answers\": []}]}]}]}"
                        + " | data[0].paragraphs[0].qas[0].answers is empty",
            })
    void whatIsWrongIsNamed(String text, String expected) throws IOException {
        Path file = file(text);
        RulerException wrong = assertThrows(RulerException.class, () -> QuestionSet.squad(file));
        assertTrue(wrong.getMessage().startsWith(file + ": " + expected), wrong.getMessage());
    }

    @Test
    void aHotpotFileThatIsNoneIsNamed() throws IOException {
        Path file = file("[{\"question\": \"q\", \"answer\": \"a\", \"context\": [[\"title\"]]}]");
        RulerException wrong = assertThrows(RulerException.class, () -> QuestionSet.hotpot(file));
        assertTrue(
                wrong.getMessage().contains("[0].context[0] is no title with a list of sentences"), wrong.getMessage());
    }
}
