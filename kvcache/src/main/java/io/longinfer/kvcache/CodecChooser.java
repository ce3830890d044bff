package io.longinfer.kvcache;

import io.longinfer.kvcache.codec.Codec;
import io.longinfer.kvcache.codec.Precision;
import io.longinfer.kvcache.selection.SelectorKind;

/** Fills in the codec of a configuration that names none. */
public final class CodecChooser {
    private CodecChooser() {}

    /** The configuration with a codec. What attends everything is exact: it keeps fp16. */
    public static KvConfig choose(KvConfig config) {
        if (config.codecChoice().codec().isPresent()) {
            return config;
        }
        boolean exact =
                config.selector() == SelectorKind.FULL || config.selection().ratio() >= 1;
        Codec codec = new Codec(exact ? Precision.FP16 : Precision.INT8, false);
        return config.toBuilder()
                .codecChoice(new KvConfig.CodecChoice(
                        java.util.Optional.of(codec), config.codecChoice().coarseMass()))
                .build();
    }
}
