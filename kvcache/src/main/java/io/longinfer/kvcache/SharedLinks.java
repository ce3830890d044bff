package io.longinfer.kvcache;

import io.longinfer.kvcache.disk.DiskIo;
import io.longinfer.kvcache.pipeline.Throttle;
import java.util.List;
import java.util.Optional;

/** What the caches of sequences that decode together share: the engine that reads their files, and links of emulated speed. */
final class SharedLinks implements AutoCloseable {
    private final Throttle link;
    private final Optional<DiskIo> disk;

    /** Opens the engine if a plan asks for a disk. */
    SharedLinks(KvConfig config, List<KvPlan> plans) {
        link = throttle(config.emulatedLinkBytesPerSecond());
        List<KvPlan.DiskPlan> disks = plans.stream()
                .filter(plan -> plan.mode() == KvPlan.Mode.DISK)
                .map(KvPlan::disk)
                .toList();
        disk = disks.isEmpty() ? Optional.empty() : Optional.of(open(config, disks));
    }

    private static DiskIo open(KvConfig config, List<KvPlan.DiskPlan> disks) {
        int operation =
                disks.stream().mapToInt(KvPlan.DiskPlan::operationBytes).max().orElseThrow();
        long buffer = Math.min(
                Integer.MAX_VALUE & -4096L,
                disks.stream().mapToLong(KvPlan.DiskPlan::readBytes).sum());
        return DiskIo.open(DiskIo.Options.of(config.ioBackend())
                .withDepth(config.ioDepth())
                .withAlignment(disks.stream()
                        .mapToInt(KvPlan.DiskPlan::alignmentBytes)
                        .max()
                        .orElseThrow())
                .withBuffer(operation, buffer)
                .withThrottle(throttle(config.emulatedDiskBytesPerSecond())));
    }

    private static Throttle throttle(long bytesPerSecond) {
        return bytesPerSecond == 0 ? Throttle.unlimited() : Throttle.ofBytesPerSecond(bytesPerSecond);
    }

    /** The link from host to device. */
    Throttle link() {
        return link;
    }

    /** The engine, if this plan asks for a disk. */
    Optional<DiskIo> diskOf(KvPlan plan) {
        return plan.mode() == KvPlan.Mode.DISK ? disk : Optional.empty();
    }

    /** The engine, if any plan asked for a disk. */
    Optional<DiskIo> disk() {
        return disk;
    }

    void resetCounts() {
        disk.ifPresent(DiskIo::resetBusyNanos);
    }

    @Override
    public void close() {
        disk.ifPresent(DiskIo::close);
    }
}
