package io.longinfer.eval.hardware.timing;

/**
 * A modelled decoding step of all sequences.
 *
 * @param nanos its latency
 * @param stallNanos of it, waiting for disk and links
 * @param diskBusyNanos time the disk read
 * @param linkBusyNanos time the link carried
 * @param diskBytes bytes read
 * @param diskOperations reads
 * @param linkBytes bytes of KV that crossed the link
 */
public record StepTime(
        double nanos,
        double stallNanos,
        double diskBusyNanos,
        double linkBusyNanos,
        double diskBytes,
        double diskOperations,
        double linkBytes) {}
