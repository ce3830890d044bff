package io.longinfer.kernels.device;

import java.util.Set;

/**
 * The processor as a device: kernels in the Vector API, over the threads of a {@link WorkerPool}. Its memory is native
 * memory of this process. It does not own the pool of threads.
 */
public final class CpuDevice implements Device {
    private final WorkerPool workers;
    private final CpuKernels kernels;

    public CpuDevice(WorkerPool workers, CpuKernels kernels) {
        this.workers = workers;
        this.kernels = kernels;
    }

    @Override
    public DeviceProfile profile() {
        int bits = kernels.vectorBits();
        String vectors =
                bits == 0 ? "scalar, this processor has no vectors of 8 floats" : "Vector API, " + bits + " bits";
        return new DeviceProfile(
                "cpu (" + vectors + ", " + workers.threads() + " threads)", "cpu", workers.threads(), bits, Set.of());
    }

    @Override
    public DeviceSession open(WeightSource weights, int maxBlockTokens, int sequences) {
        return new CpuSession(weights, maxBlockTokens, sequences, workers, kernels);
    }

    @Override
    public void close() {}
}
