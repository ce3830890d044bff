package io.longinfer.eval.hardware.timing;

import io.longinfer.eval.hardware.machine.Machine;

/**
 * Reading a prompt, dense and exact, in blocks: products and attention at the device's operations a second, each block reading all
 * KV before it that the device does not keep, and the KV written to disk if there is one. What is slowest of computing, disk and link
 * counts: they overlap.
 */
public final class PrefillModel {
    private PrefillModel() {}

    /**
     * Time to the first token of all sequences, one after the other.
     *
     * @param promptTokens of each
     * @param blockTokens tokens that go through the layers together
     * @param deviceShare share of the KV that the device keeps
     * @param hostShare share that the host keeps
     */
    public static double nanos(
            Machine machine,
            Workload work,
            int batch,
            int promptTokens,
            int blockTokens,
            double deviceShare,
            double hostShare) {
        double n = promptTokens;
        double blocks = Math.ceil(n / blockTokens);
        double kvBytes = work.shape().kvBytesPerToken() * n;
        double weights = work.shape().layers() * ModelCosts.layerWeights(work.shape());
        double operations = 2 * weights * n
                + 2.0 * n * n * work.shape().layers() * work.shape().queryWidth();
        double reads = blocks
                * ModelCosts.bytes(work.shape(), work.weightBytes())
                / machine.device().bandwidth();
        double compute = Math.max(operations / machine.device().flops(), reads)
                + blocks * work.shape().layers() * machine.device().layerNanos() / 1e9;
        double earlier = kvBytes * Math.max(0, blocks - 1) / 2;
        double offDevice = Math.max(0, 1 - deviceShare);
        double offHost = work.plan().disk().fileBytes() == 0 ? 0 : Math.max(0, 1 - deviceShare - hostShare);
        double link = machine.hasLink() ? earlier * offDevice / machine.link().bandwidth() : 0;
        double written = offHost == 0 ? 0 : kvBytes / machine.disk().writeBandwidth();
        double disk = earlier * offHost / machine.disk().bandwidth() + written;
        return 1e9 * batch * Math.max(compute, Math.max(link, disk));
    }
}
