package io.longinfer.kvcache;

import io.longinfer.kernels.device.CpuKernels;
import io.longinfer.kernels.device.WorkerPool;
import io.longinfer.kvcache.selection.FullSelector;
import io.longinfer.kvcache.selection.H2oChunkedSelector;
import io.longinfer.kvcache.selection.H2oSelector;
import io.longinfer.kvcache.selection.InfinigenSelector;
import io.longinfer.kvcache.selection.OracleSelector;
import io.longinfer.kvcache.selection.SearchMode;
import io.longinfer.kvcache.selection.Selector;
import io.longinfer.kvcache.selection.StreamingSelector;
import io.longinfer.kvcache.selection.TokenMasses;
import io.longinfer.kvcache.selection.TreeSelector;
import io.longinfer.kvcache.selection.TrueMasses;
import java.util.Optional;

/** Makes the selector that a configuration asks for. */
final class Selectors {
    private Selectors() {}

    static Selector of(
            KvPlan plan,
            KvConfig config,
            CacheMemory memory,
            TrueMasses masses,
            Optional<TokenMasses> tokenMasses,
            CpuKernels kernels,
            WorkerPool workers) {
        return switch (config.selector()) {
            case FULL -> new FullSelector();
            case STREAMING -> new StreamingSelector(config.selection());
            case H2O ->
                new H2oSelector(config.selection(), plan.shape(), plan.chunksPerHead(), tokenMasses.orElseThrow());
            case H2O_CHUNKED ->
                new H2oChunkedSelector(
                        config.selection(), plan.shape(), plan.chunksPerHead(), tokenMasses.orElseThrow());
            case QUEST -> tree(SearchMode.FLAT, plan, config, memory, workers);
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
