package io.longinfer.eval.hardware.machine;

import java.util.Map;

/**
 * A machine in figures. Rates are bytes a second, all positive; {@link Double#POSITIVE_INFINITY} for what costs nothing.
 *
 * @param device what computes
 * @param link from host to device; infinite where both are one memory
 * @param host the host's memory
 * @param disk what holds all chunks
 */
public record Machine(String name, Device device, Link link, Host host, Disk disk) {
    /**
     * What computes.
     *
     * @param memoryBytes for weights and KV
     * @param bandwidth at which weights are read
     * @param flops multiplications and additions of weights and activations a second, each counted
     * @param attentionBandwidth at which keys and values are attended
     * @param scoringBandwidth at which abstracts on the device are scored
     * @param decodeBandwidth at which records become fp16, in bytes of fp16
     * @param layerNanos overhead of a layer: launches, synchronisation
     * @param stepNanos overhead of a step
     * @param isHost whether it is the host's processor: copies from the host keep it from computing
     */
    public record Device(
            double memoryBytes,
            double bandwidth,
            double flops,
            double attentionBandwidth,
            double scoringBandwidth,
            double decodeBandwidth,
            double layerNanos,
            double stepNanos,
            boolean isHost) {}

    /**
     * From host to device.
     *
     * @param latencyNanos of a transfer
     */
    public record Link(double bandwidth, double latencyNanos) {}

    /**
     * The host.
     *
     * @param memoryBytes for KV
     * @param bandwidth at which chunks are copied
     * @param scoringBandwidth at which abstracts in the host are scored; by variant where a machine was measured, else one figure
     *     under {@link #ANY}
     */
    public record Host(double memoryBytes, double bandwidth, Map<String, Double> scoringBandwidth) {
        /** The key of what holds for every variant that has no figure of its own. */
        public static final String ANY = "any";

        public Host {
            scoringBandwidth = Map.copyOf(scoringBandwidth);
        }

        /** The rate for a variant. */
        public double scoringBandwidth(String variant) {
            return scoringBandwidth.getOrDefault(variant, scoringBandwidth.getOrDefault(ANY, bandwidth));
        }
    }

    /**
     * The disk.
     *
     * @param bandwidth of reads
     * @param writeBandwidth of writes
     * @param latencyNanos of one read
     * @param depth reads in flight
     * @param blockBytes what reads are aligned to; 0 for what is right on the machine that this runs on
     */
    public record Disk(double bandwidth, double writeBandwidth, double latencyNanos, int depth, int blockBytes) {}

    /** The same with a slower disk, if that is slower. */
    public Machine withDisk(double bandwidth) {
        return new Machine(
                name,
                device,
                link,
                host,
                new Disk(
                        Math.min(disk.bandwidth, bandwidth),
                        disk.writeBandwidth,
                        disk.latencyNanos,
                        disk.depth,
                        disk.blockBytes));
    }

    /** The same with a slower link, if that is slower. */
    public Machine withLink(double bandwidth) {
        return new Machine(name, device, new Link(Math.min(link.bandwidth, bandwidth), link.latencyNanos), host, disk);
    }

    /** Whether what crosses the link takes its time. */
    public boolean hasLink() {
        return Double.isFinite(link.bandwidth);
    }
}
