package io.longinfer.eval.comparison;

import io.longinfer.kvcache.KvConfig;
import java.util.function.Function;

/**
 * Who takes part in a comparison.
 *
 * @param configuration for prompts that were read: budgets may be shares of their KV
 */
public record Contender(Variant variant, Function<Prefix, KvConfig> configuration) {}
