package io.longinfer.eval.cli;

import io.longinfer.kvcache.ByteSize;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.model.weights.WeightConfig;
import java.util.Optional;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** Where weights may lie, if not all of them on the device. */
final class WeightOptions {
    @ArgGroup
    private Limits limits;

    /** One way to say it or the other. */
    static final class Limits {
        @ArgGroup(exclusive = false)
        private Budgets budgets;

        @Option(
                names = "--weights-percent",
                paramLabel = "D,H,K",
                converter = Converters.Percentages.class,
                description = "Shares of the weights on device, host and disk, in percent, in whole layers; the device"
                        + " takes two staging buffers of a layer on top.")
        private TierShares percent;
    }

    /** Bytes. */
    static final class Budgets {
        @Option(
                names = "--weights-device-budget",
                paramLabel = "SIZE",
                converter = Converters.Bytes.class,
                description =
                        "Most bytes of weights in device memory, two staging buffers of a layer included; what does"
                                + " not fit is streamed, a layer ahead. Default: unlimited.")
        private Long device;

        @Option(
                names = "--weights-host-budget",
                paramLabel = "SIZE",
                converter = Converters.Bytes.class,
                description = "Most bytes of weights in host memory; the rest is put in --disk-dir. Default: 0.")
        private Long host;
    }

    /** What the options ask for; empty if all weights stay where their file is mapped. */
    Optional<WeightConfig> config(KvOptions options) {
        KvConfig kv = options.withoutShares(KvConfig.defaults());
        return limits().map(asked -> new WeightConfig(
                asked,
                kv.diskDirectory(),
                kv.directIo(),
                kv.emulatedDiskBytesPerSecond(),
                kv.emulatedLinkBytesPerSecond()));
    }

    private Optional<WeightConfig.Limits> limits() {
        if (limits == null) {
            return Optional.empty();
        }
        if (limits.percent != null) {
            TierShares shares = limits.percent;
            return Optional.of(new WeightConfig.Percent(shares.device(), shares.host(), shares.disk()));
        }
        Budgets bytes = limits.budgets;
        return Optional.of(new WeightConfig.Budgets(
                bytes.device != null ? bytes.device : ByteSize.UNLIMITED, bytes.host != null ? bytes.host : 0));
    }
}
