package io.longinfer.eval.cli;

import io.longinfer.eval.comparison.Contender;
import io.longinfer.eval.comparison.Variant;
import java.util.List;
import picocli.CommandLine.Option;

/** Budgets as shares of the KV of each prompt, for comparisons that are not about latency: usually all on the device. */
final class ShareOptions {
    @Option(
            names = "--device-share",
            paramLabel = "X",
            converter = Converters.Ratio.class,
            defaultValue = "1",
            description =
                    "Device budget of each variant as a share of the KV; 1 for no limit. Default: ${DEFAULT-VALUE}.")
    private double deviceShare;

    @Option(
            names = "--host-share",
            paramLabel = "X",
            converter = Converters.Ratio.class,
            defaultValue = "0.125",
            description = "Host budget as a share of the KV, if the device has a limit. Default: ${DEFAULT-VALUE}.")
    private double hostShare;

    /** The variants, with what the options say of KV and these shares. */
    List<Contender> contenders(List<Variant> variants, KvOptions kv, LoadedModel loaded) {
        return variants.stream()
                .map(variant -> new Contender(
                        variant,
                        prefix -> variant.configuration(kv.config(
                                KvShares.ofAll(deviceShare, hostShare, prefix.kvBytes(1)),
                                loaded.model().shape(),
                                prefix.contextTokens(),
                                1))))
                .toList();
    }
}
