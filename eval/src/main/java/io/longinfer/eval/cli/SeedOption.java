package io.longinfer.eval.cli;

import picocli.CommandLine.Option;

/** {@code --seed}: everything that is drawn comes from it. */
final class SeedOption {
    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "42",
            description = "Seed of everything that is drawn. Default: ${DEFAULT-VALUE}.")
    long seed;
}
