package io.longinfer.model.huggingface;

import java.util.Arrays;
import java.util.Optional;

/** The architectures that are handled, by the names of {@code config.json}. */
enum Family {
    LLAMA("LlamaForCausalLM", "llama"),
    MISTRAL("MistralForCausalLM", "mistral"),
    QWEN2("Qwen2ForCausalLM", "qwen2"),
    QWEN3("Qwen3ForCausalLM", "qwen3"),
    SMOLLM3("SmolLM3ForCausalLM", "smollm3"),
    OPT("OPTForCausalLM", "opt");

    private final String architecture;
    private final String modelType;

    Family(String architecture, String modelType) {
        this.architecture = architecture;
        this.modelType = modelType;
    }

    /** The name under {@code architectures}. */
    String architecture() {
        return architecture;
    }

    /** The name under {@code model_type}. */
    String modelType() {
        return modelType;
    }

    static Optional<Family> ofModelType(String name) {
        return Arrays.stream(values()).filter(f -> f.modelType.equals(name)).findFirst();
    }

    /** Whether embedding and output share one matrix where the configuration does not say. */
    boolean tiesByDefault() {
        return this == SMOLLM3 || this == OPT;
    }
}
