package io.longinfer.kvcache;

import io.longinfer.kernels.device.CpuKernels;
import io.longinfer.kernels.device.WorkerPool;
import io.longinfer.kvcache.selection.FullSelector;
import io.longinfer.kvcache.selection.InfinigenSelector;
import io.longinfer.kvcache.selection.OracleSelector;
import io.longinfer.kvcache.selection.SearchMode;
import io.longinfer.kvcache.selection.Selector;
import io.longinfer.kvcache.selection.TreeSelector;
import io.longinfer.kvcache.selection.TrueMasses;

/** Makes the selector that a configuration asks for. */
final class Selectors {
    private Selectors() {}

    static Selector of(
            KvPlan plan,
            KvConfig config,
            CacheMemory memory,
            TrueMasses masses,
            CpuKernels kernels,
            WorkerPool workers) {
        return switch (config.selector()) {
            case FULL -> new FullSelector();
            case TOPK -> tree(SearchMode.FLAT, plan, config, memory, workers);
            case ADAPTIVE -> {
                SearchMode mode = config.adaptivePartition() ? SearchMode.ADAPTIVE : SearchMode.TREE;
                yield tree(mode, plan, config, memory, workers);
            }
            case INFINIGEN ->
                memory.speculation()
                        .<Selector>map(speculation -> new InfinigenSelector(
                                config.selection(),
                                config.speculation(),
                                plan.shape(),
                                plan.chunksPerHead(),
                                speculation,
                                kernels.attention(),
                                workers))
                        .orElseGet(FullSelector::new);
            case ORACLE -> new OracleSelector(config.selection(), plan.shape(), plan.chunksPerHead(), masses);
        };
    }

    private static Selector tree(
            SearchMode mode, KvPlan plan, KvConfig config, CacheMemory memory, WorkerPool workers) {
        return new TreeSelector(
                config.selection(),
                config.groupRule(),
                mode,
                config.partition(),
                plan.shape(),
                plan.chunksPerHead(),
                memory.abstracts(),
                workers);
    }
}
