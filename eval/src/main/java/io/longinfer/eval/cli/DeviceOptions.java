package io.longinfer.eval.cli;

import io.longinfer.model.generation.Engine;
import picocli.CommandLine.Option;

/** What computes, and in which pieces. */
final class DeviceOptions {
    @Option(
            names = {"-t", "--threads"},
            paramLabel = "N",
            converter = Converters.Positive.class,
            description = "Threads that compute. Default: one a processor.")
    Integer threads;

    @Option(
            names = "--prefill-block",
            paramLabel = "TOKENS",
            converter = Converters.Positive.class,
            defaultValue = "" + Engine.DEFAULT_BLOCK_TOKENS,
            description = "Tokens of the prompt that go through the layers together. Default: ${DEFAULT-VALUE}.")
    int prefillBlock;

    /** Threads to start. */
    int threads() {
        return threads != null ? threads : Runtime.getRuntime().availableProcessors();
    }
}
