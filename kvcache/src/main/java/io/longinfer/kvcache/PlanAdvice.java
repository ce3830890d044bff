package io.longinfer.kvcache;

import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kvcache.budget.Tier;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.LongPredicate;

/** Finds what would do when a plan does not fit, by trying: the advice cannot disagree with the planner. */
final class PlanAdvice {
    private final DecoderShape shape;
    private final int contextTokens;
    private final KvConfig config;

    private PlanAdvice(DecoderShape shape, int contextTokens, KvConfig config) {
        this.shape = shape;
        this.contextTokens = contextTokens;
        this.config = config;
    }

    static KvPlanException refusal(DecoderShape shape, int contextTokens, KvConfig config) {
        return new PlanAdvice(shape, contextTokens, config).refusal();
    }

    private KvPlanException refusal() {
        Tier first = cause();
        StringBuilder message = new StringBuilder("the KV of " + contextTokens + " tokens ("
                + ByteSize.format(contextTokens * shape.kvBytesPerToken()) + ") does not fit a device budget of "
                + ByteSize.format(config.deviceBudgetBytes()) + ", a host budget of "
                + ByteSize.format(config.hostBudgetBytes()) + " and a disk budget of "
                + ByteSize.format(config.diskBudgetBytes()));
        if (config.deviceBudgetBytes() == 0) {
            message.append("; the device cannot be disabled, attention needs a working set there");
        }
        List<Tier> tiers = new ArrayList<>(List.of(first));
        for (Tier tier : Tier.values()) {
            if (tier != first) {
                tiers.add(tier);
            }
        }
        List<String> ways = new ArrayList<>();
        for (Tier tier : tiers) {
            smallest(tier).ifPresent(bytes -> ways.add(tier.option() + " " + ByteSize.exact(bytes)));
        }
        largestContext().ifPresent(tokens -> ways.add("--context " + tokens));
        message.append(". What would do, each alone: ").append(String.join(", or ", ways));
        return new KvPlanException(
                message.toString(), first.option(), smallest(first).orElseThrow());
    }

    /** The tier whose budget is at fault: the device if no other could help, else the slowest that is in use. */
    private Tier cause() {
        if (smallest(Tier.DISK).isPresent() && config.diskBudgetBytes() > 0) {
            return Tier.DISK;
        }
        if (smallest(Tier.HOST).isPresent()) {
            return Tier.HOST;
        }
        return smallest(Tier.DISK).isPresent() ? Tier.DISK : Tier.DEVICE;
    }

    private OptionalLong smallest(Tier tier) {
        LongPredicate fits =
                bytes -> Planner.plan(shape, contextTokens, with(tier, bytes)).isPresent();
        long low = budget(tier);
        if (!fits.test(ByteSize.UNLIMITED)) {
            return OptionalLong.empty();
        }
        long high = Math.max(1, low);
        while (!fits.test(high)) {
            low = high;
            high = high > Long.MAX_VALUE / 2 ? Long.MAX_VALUE : 2 * high;
        }
        while (high - low > 1) {
            long middle = low + (high - low) / 2;
            if (fits.test(middle)) {
                high = middle;
            } else {
                low = middle;
            }
        }
        return OptionalLong.of(high);
    }

    private OptionalLong largestContext() {
        int fits = 0;
        int fails = contextTokens;
        while (fails - fits > 1) {
            int middle = fits + (fails - fits) / 2;
            if (Planner.plan(shape, middle, config).isPresent()) {
                fits = middle;
            } else {
                fails = middle;
            }
        }
        return fits == 0 ? OptionalLong.empty() : OptionalLong.of(fits);
    }

    private long budget(Tier tier) {
        return switch (tier) {
            case DEVICE -> config.deviceBudgetBytes();
            case HOST -> config.hostBudgetBytes();
            case DISK -> config.diskBudgetBytes();
        };
    }

    private KvConfig with(Tier tier, long bytes) {
        return config.toBuilder()
                .budgets(
                        tier == Tier.DEVICE ? bytes : config.deviceBudgetBytes(),
                        tier == Tier.HOST ? bytes : config.hostBudgetBytes(),
                        tier == Tier.DISK ? bytes : config.diskBudgetBytes())
                .build();
    }
}
