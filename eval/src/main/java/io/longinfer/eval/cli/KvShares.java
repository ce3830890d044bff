package io.longinfer.eval.cli;

import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kvcache.ByteSize;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.KvPlan;
import io.longinfer.kvcache.KvPlanException;
import io.longinfer.kvcache.budget.Tier;

/** Budgets from FlexGen's percentages of the KV of a context. Stateless. */
final class KvShares {
    private KvShares() {}

    /**
     * A configuration with the budgets that shares ask for: 100 % on the device is no limit there; otherwise a tier has its
     * share, the slowest one in use no limit, and a tier is raised to the least that the plan works with (the device to attend
     * at all, the host for the disk's buffers).
     *
     * @param contextTokens of each sequence
     * @param sequences that share the budgets
     */
    static KvConfig apply(KvConfig config, TierShares percent, DecoderShape shape, int contextTokens, int sequences) {
        if (percent.device() == 100) {
            return config.toBuilder().budgets(ByteSize.UNLIMITED, 0, 0).build();
        }
        double each = shape.kvBytesPerToken() * contextTokens / 100.0;
        boolean disk = percent.disk() > 0;
        KvConfig one = config.toBuilder()
                .budgets(
                        (long) (each * percent.device()),
                        disk ? (long) (each * percent.host()) : ByteSize.UNLIMITED,
                        disk ? ByteSize.UNLIMITED : 0)
                .build();
        KvConfig enough = raised(one, shape, contextTokens);
        return enough.toBuilder()
                .budgets(
                        times(enough.deviceBudgetBytes(), sequences),
                        times(enough.hostBudgetBytes(), sequences),
                        enough.diskBudgetBytes())
                .build();
    }

    /**
     * The configuration that comparisons start from: ours with what is left of the KV of all sequences on disk, records as
     * {@code auto} says. A share of 1 is all KV on the device, without limit.
     *
     * @param device device budget as a share of {@code kvBytes}
     * @param host host budget, likewise
     */
    static KvConfig ofAll(double device, double host, long kvBytes) {
        KvConfig.Builder usual = KvConfig.defaults().toBuilder().codecChoice(KvConfig.CodecChoice.AUTO);
        return device == 1
                ? usual.budgets(ByteSize.UNLIMITED, 0, 0).build()
                : usual.budgets((long) (device * kvBytes), (long) (host * kvBytes), 2 * kvBytes)
                        .build();
    }

    private static KvConfig raised(KvConfig config, DecoderShape shape, int contextTokens) {
        KvConfig tried = config;
        for (Tier ignored : Tier.values()) {
            try {
                KvPlan.of(shape, contextTokens, tried);
                return tried;
            } catch (KvPlanException refused) {
                boolean device = refused.option().equals(Tier.DEVICE.option());
                tried = tried.toBuilder()
                        .budgets(
                                device ? refused.smallestBytes() : tried.deviceBudgetBytes(),
                                device ? tried.hostBudgetBytes() : refused.smallestBytes(),
                                tried.diskBudgetBytes())
                        .build();
            }
        }
        return tried; // what is still wrong, the plan says
    }

    private static long times(long bytes, int sequences) {
        return bytes == ByteSize.UNLIMITED ? bytes : Math.multiplyExact(bytes, (long) sequences);
    }
}
