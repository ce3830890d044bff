package io.longinfer.eval.cli;

import picocli.CommandLine.Option;

/** {@code --model}. */
final class ModelOption {
    @Option(
            names = {"-m", "--model"},
            paramLabel = "NAME|PATH",
            defaultValue = "needle",
            description =
                    "A GGUF file, a directory with config.json, tokenizer.json and safetensors, or a name: needle (built in, finds facts in long documents and knows nothing"
                            + " else), smollm2 (after scripts/fetch-model.sh smollm2). Default: ${DEFAULT-VALUE}.")
    String model;
}
