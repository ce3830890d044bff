/**
 * The keys and values of one sequence over device, host and disk: what is planned ({@link io.longinfer.kvcache.KvPlan}), what
 * is attended ({@link io.longinfer.kvcache.KvCache}) and what is counted ({@link io.longinfer.kvcache.KvMetrics}).
 */
package io.longinfer.kvcache;
