package io.longinfer.kvcache;

import io.longinfer.kernels.device.CpuKernels;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.KvPoolSource;
import io.longinfer.kernels.device.WorkerPool;
import io.longinfer.kvcache.pipeline.ReadAheadGate;
import java.util.ArrayList;
import java.util.List;

/**
 * The KV caches of sequences that decode together: each has its tiers and its share of the budgets, all share the engine that
 * reads their files. The source of pools, workers and kernels are the caller's and must outlive them. Used by one thread. Double close is
 * harmless.
 */
public final class KvCaches implements AutoCloseable {
    private final List<KvCache> caches = new ArrayList<>();
    private final SharedLinks links;
    private final ReadAheadGate gate;

    /**
     * Reserves everything that the plans ask for.
     *
     * @param contextTokens for each sequence the most tokens it will hold
     * @param config whose budgets are shared out over the sequences in proportion to their contexts
     * @throws KvPlanException if a sequence does not fit its share of the budgets
     * @throws io.longinfer.kvcache.disk.DiskException if the disk tier is needed and cannot be set up
     */
    public KvCaches(
            DecoderShape shape,
            int[] contextTokens,
            KvConfig config,
            KvPoolSource pools,
            WorkerPool workers,
            CpuKernels kernels) {
        List<KvConfig> shares = BudgetShares.of(CodecChooser.choose(config), contextTokens);
        List<KvPlan> plans = new ArrayList<>();
        for (int sequence = 0; sequence < contextTokens.length; sequence++) {
            plans.add(KvPlan.of(shape, contextTokens[sequence], shares.get(sequence)));
        }
        gate = new ReadAheadGate(config.readAhead());
        links = new SharedLinks(config, plans);
        try {
            for (int sequence = 0; sequence < contextTokens.length; sequence++) {
                caches.add(
                        new KvCache(plans.get(sequence), shares.get(sequence), pools, workers, kernels, links, gate));
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** How many sequences. */
    public int size() {
        return caches.size();
    }

    /** The cache of a sequence. */
    public KvCache get(int sequence) {
        return caches.get(sequence);
    }

    /**
     * A decoding step of {@code sequences} of them begins; {@link #endStep} follows. Callers that leave both out have every step
     * read ahead, unless none does.
     */
    public void beginStep(int sequences) {
        gate.begin(sequences, System.nanoTime());
    }

    /** The decoding step has gone through all layers. */
    public void endStep() {
        gate.end(System.nanoTime());
    }

    @Override
    public void close() {
        closeFrom(0);
    }

    /** Closes all, whichever fails, and at last what they share. */
    private void closeFrom(int sequence) {
        if (sequence == caches.size()) {
            links.close();
            return;
        }
        try {
            caches.get(sequence).close();
        } finally {
            closeFrom(sequence + 1);
        }
    }
}
