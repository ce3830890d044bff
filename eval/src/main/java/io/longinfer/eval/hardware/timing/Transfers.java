package io.longinfer.eval.hardware.timing;

import io.longinfer.eval.hardware.machine.Machine;
import io.longinfer.eval.hardware.replay.Moves;
import io.longinfer.eval.hardware.replay.RecordGeometry;

/** The disk, what decodes, and the link of a machine, which all sequences share. Nanoseconds. Not thread-safe. */
final class Transfers {
    /** Groups of abstracts that a search of a KV head opens before it waits for them. */
    private static final int GROUPS_A_ROUND = 4;

    private final Machine machine;
    private final RecordGeometry records;
    private final double bufferBytes;
    private final Server disk = new Server();
    private final Server decoder = new Server();
    private final Server link = new Server();
    private double diskBytes;
    private double diskOperations;
    private double linkBytes;

    /** @param bufferBytes memory for reads in flight */
    Transfers(Machine machine, RecordGeometry records, double bufferBytes) {
        this.machine = machine;
        this.bufferBytes = bufferBytes;
        this.records = records;
    }

    /**
     * Chunks on their way.
     *
     * @param issued when the thread that asked for them goes on
     * @param ready when all are on the device
     * @param diskBegin when the disk begins with them
     * @param diskEnd when it has read them
     */
    record Transfer(double issued, double ready, double diskBegin, double diskEnd) {}

    /** Brings chunks, asked for at {@code now}. */
    Transfer bring(Moves moves, double now) {
        double copied = now;
        double ready = now;
        double hostBytes = moves.hostBytes(records);
        if (hostBytes > 0) {
            if (machine.device().isHost()) {
                copied += decoding(moves.fromHost());
            }
            ready = cross(hostBytes, copied, copied, 1);
        }
        double begin = disk.begin(copied);
        double end = begin;
        double read = moves.fromDisk() + moves.prefixes();
        if (read > 0) {
            double bytes = moves.diskBytes(records);
            double latency = machine.disk().latencyNanos();
            end = disk.pass(copied, reading(bytes, moves.operations())) + latency;
            diskBytes += bytes;
            diskOperations += moves.operations();
            double decoded = decoder.stream(begin, end, decoding(read), moves.operations());
            ready = Math.max(ready, cross(moves.arrivingBytes(records), begin, decoded, moves.operations()));
        }
        return new Transfer(copied, ready, begin, end);
    }

    /** Time to make chunks of records: a device of its own attends fp16 as it comes, the host's processor copies it. */
    private double decoding(double chunks) {
        boolean exact = records.recordBytes() == records.chunkBytes();
        if (exact && !machine.device().isHost()) {
            return 0;
        }
        double rate = exact ? machine.host().bandwidth() : machine.device().decodeBandwidth();
        return 1e9 * chunks * records.chunkBytes() / rate;
    }

    /** Time the disk takes for reads, of which as many are in flight as its depth and the memory for reads allow. */
    double reading(double bytes, double operations) {
        if (operations <= 0) {
            return 0;
        }
        Machine.Disk reads = machine.disk();
        double inFlight = Math.clamp(bufferBytes / (bytes / operations), 1, reads.depth());
        return 1e9 * bytes / reads.bandwidth() + operations * reads.latencyNanos() / inFlight;
    }

    private double cross(double bytes, double first, double last, double pieces) {
        linkBytes += bytes;
        if (!machine.hasLink()) {
            return last;
        }
        return link.stream(first, last, 1e9 * bytes / machine.link().bandwidth(), pieces)
                + machine.link().latencyNanos();
    }

    /** Reads abstracts, which a search waits for, round by round: returns when it goes on. */
    double readAbstracts(double bytes, int kvHeads, double now) {
        if (bytes == 0) {
            return now;
        }
        double operations = records.groups(bytes);
        diskBytes += bytes;
        diskOperations += operations;
        double rounds = Math.max(1, operations / kvHeads / GROUPS_A_ROUND);
        return disk.pass(now, reading(bytes, operations))
                + rounds * machine.disk().latencyNanos();
    }

    /** Carries weights over the link; returns when they are there. */
    double carryWeights(double bytes, double now) {
        return bytes == 0 ? now : link.pass(now, 1e9 * bytes / machine.link().bandwidth());
    }

    /**
     * Gives up the reads of a transfer that nobody wants and that have not begun: those beyond the disk's depth. Returns by how much
     * everything behind comes sooner.
     */
    double drop(Transfer transfer, Moves all, Moves wasted, double now) {
        double work = reading(all.diskBytes(records), all.operations());
        if (all.operations() <= 0 || wasted.operations() <= 0 || work <= 0) {
            return 0;
        }
        double left = Math.clamp((transfer.diskEnd() - machine.disk().latencyNanos() - now) / work, 0, 1);
        double waiting = Math.max(0, left * all.operations() - machine.disk().depth()) / all.operations();
        double saved = waiting * reading(wasted.diskBytes(records), wasted.operations());
        disk.drop(saved);
        diskBytes -= waiting * wasted.diskBytes(records);
        diskOperations -= waiting * wasted.operations();
        return saved;
    }

    double diskBusy() {
        return disk.busy();
    }

    double linkBusy() {
        return link.busy();
    }

    double diskBytes() {
        return diskBytes;
    }

    double diskOperations() {
        return diskOperations;
    }

    double linkBytes() {
        return linkBytes;
    }
}
