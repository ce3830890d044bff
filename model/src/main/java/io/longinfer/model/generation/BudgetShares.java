package io.longinfer.model.generation;

import io.longinfer.kvcache.ByteSize;
import io.longinfer.kvcache.KvConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Shares the budgets of a batch out over its sequences, in proportion to their contexts. Stateless. */
final class BudgetShares {
    private BudgetShares() {}

    /** A configuration for each sequence; the budgets together are at most those of {@code whole}. */
    static List<KvConfig> of(KvConfig whole, int[] contextTokens) {
        if (contextTokens.length == 1) {
            return List.of(whole);
        }
        long total = Arrays.stream(contextTokens).asLongStream().sum();
        List<KvConfig> shares = new ArrayList<>();
        for (int tokens : contextTokens) {
            double share = total == 0 ? 0 : (double) tokens / total;
            shares.add(whole.toBuilder()
                    .budgets(
                            part(whole.deviceBudgetBytes(), share),
                            part(whole.hostBudgetBytes(), share),
                            part(whole.diskBudgetBytes(), share))
                    .build());
        }
        return shares;
    }

    private static long part(long budget, double share) {
        return budget == ByteSize.UNLIMITED ? budget : (long) (budget * share);
    }
}
