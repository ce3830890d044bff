package io.longinfer.model.generation;

import io.longinfer.kernels.device.CpuDevice;
import io.longinfer.kernels.device.CpuKernels;
import io.longinfer.kernels.device.Device;
import io.longinfer.kernels.device.SpinningWorkerPool;
import io.longinfer.kernels.device.WeightSource;
import io.longinfer.kernels.device.WorkerPool;
import io.longinfer.kvcache.KvConfig;
import java.io.IOException;

/**
 * A device and the threads that work for it. One session computes at a time. Closing stops the threads; sessions are closed
 * first.
 */
public final class Engine implements AutoCloseable {
    /** Tokens of a prefill block unless asked otherwise. */
    public static final int DEFAULT_BLOCK_TOKENS = 512;

    private final Device device;
    private final WorkerPool workers;
    private final CpuKernels kernels;

    private Engine(Device device, WorkerPool workers, CpuKernels kernels) {
        this.device = device;
        this.workers = workers;
        this.kernels = kernels;
    }

    /**
     * The processor, with {@code threads} threads (the caller's among them).
     *
     * @throws IllegalArgumentException if {@code threads} is not positive
     */
    public static Engine cpu(int threads) {
        return cpu(threads, CpuKernels.fastest());
    }

    /** The processor with kernels of one's own choice. */
    public static Engine cpu(int threads, CpuKernels kernels) {
        if (threads < 1) {
            throw new IllegalArgumentException("at least one thread computes, not " + threads);
        }
        WorkerPool workers = workers(threads);
        return new Engine(new CpuDevice(workers, kernels), workers, kernels);
    }

    /** A device, which the engine owns from now on, and {@code threads} threads for what the processor does beside it. */
    public static Engine of(Device device, int threads) {
        return new Engine(device, workers(threads), CpuKernels.fastest());
    }

    private static WorkerPool workers(int threads) {
        return threads == 1 ? WorkerPool.sequential() : new SpinningWorkerPool("longinfer", threads);
    }

    /** The device. */
    public Device device() {
        return device;
    }

    /**
     * Starts an empty sequence.
     *
     * @param contextTokens most tokens it will hold
     * @param blockTokens most tokens read at once in prefill
     * @throws IOException if the disk tier cannot be set up
     */
    public InferenceSession open(WeightSource weights, KvConfig kv, int contextTokens, int blockTokens)
            throws IOException {
        return new InferenceSession(openBatch(weights, kv, new int[] {contextTokens}, blockTokens));
    }

    /**
     * Starts some empty sequences that decode together.
     *
     * @param kv whose budgets are shared out over the sequences in proportion to their contexts
     * @param contextTokens for each sequence the most tokens it will hold
     * @param blockTokens most tokens read at once in prefill
     * @throws IOException if the disk tier cannot be set up
     */
    public BatchSession openBatch(WeightSource weights, KvConfig kv, int[] contextTokens, int blockTokens)
            throws IOException {
        return new BatchSession(weights, device, workers, kernels, kv, contextTokens, blockTokens);
    }

    @Override
    public void close() {
        device.close();
        workers.close();
    }
}
