package io.longinfer.eval.cli;

import io.longinfer.eval.accuracy.depth.EssayNeedle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The sentence that {@code needle_essay} hides. */
final class NeedleArguments {
    @Option(
            names = "--needle",
            paramLabel = "SENTENCE",
            defaultValue =
                    "The best thing to do in San Francisco is eat a sandwich and sit in Dolores Park on a sunny day.",
            description = "What needle_essay hides in --essay. Default: ${DEFAULT-VALUE}")
    private String sentence;

    @Option(
            names = "--needle-question",
            paramLabel = "TEXT",
            defaultValue = "What is the best thing to do in San Francisco?",
            description = "What it answers. Default: ${DEFAULT-VALUE}")
    private String question;

    @Option(
            names = "--needle-answer",
            paramLabel = "TEXT",
            defaultValue = "eat a sandwich and sit in Dolores Park",
            description = "What a right answer contains. Default: ${DEFAULT-VALUE}.")
    private String answer;

    /** The sentence with the essay that hides it, if there is one. */
    Optional<EssayNeedle> in(Optional<Path> essay) throws IOException {
        return essay.isEmpty()
                ? Optional.empty()
                : Optional.of(new EssayNeedle(Files.readString(essay.get()), sentence, question, answer));
    }
}
