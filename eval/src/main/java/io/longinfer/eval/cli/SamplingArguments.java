package io.longinfer.eval.cli;

import io.longinfer.model.generation.SamplingOptions;
import picocli.CommandLine.Option;

/** How the next token is drawn. */
final class SamplingArguments {
    @Option(
            names = "--temperature",
            paramLabel = "T",
            converter = Converters.Temperature.class,
            defaultValue = "0",
            description = "0 takes the likeliest token. Default: ${DEFAULT-VALUE}.")
    float temperature;

    @Option(
            names = "--top-p",
            paramLabel = "P",
            converter = Converters.Probability.class,
            defaultValue = "1",
            description = "Draws among the likeliest tokens that hold this probability. Default: ${DEFAULT-VALUE}.")
    float topP;

    @Option(
            names = "--top-k",
            paramLabel = "K",
            converter = Converters.Natural.class,
            defaultValue = "0",
            description = "Draws among that many tokens, 0 for all. Default: ${DEFAULT-VALUE}.")
    int topK;

    SamplingOptions options(long seed) {
        return new SamplingOptions(temperature, topP, topK, seed);
    }
}
