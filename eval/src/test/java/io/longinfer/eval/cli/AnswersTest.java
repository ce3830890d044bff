package io.longinfer.eval.cli;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What it is all for: questions about long documents are answered, with selection as without. */
class AnswersTest {
    private static final String EXAMPLES = "../model/src/test/resources/needle/examples.json";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--selector=full --at-least=29",
                "--ratio=0.1 --at-least=28 --device-budget=2MiB --host-budget=2MiB --disk-budget=64MiB"
            })
    void thirtyQuestions(String options) {
        String[] words = ("examples --file=" + EXAMPLES + " " + options).split(" ", -1);
        Session.of(words).succeeded();
    }
}
