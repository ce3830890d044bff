package io.longinfer.kvcache.tier;

import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;

/** What the sequence's own thread counts. Plain fields: one thread writes and reads, unless a method says otherwise. */
public final class TierCounters {
    /** Chunks asked for that lay on the device. */
    public long deviceHits;
    /** Chunks asked for that did not. */
    public long deviceMisses;
    /** Of the device's misses, those that lay in the host. */
    public long hostHits;
    /** Of the device's misses, those that lay on disk only. */
    public long hostMisses;
    /** Chunks that passed through the device and stayed. */
    public long devicePromotions;
    /** Chunks that came from disk and stayed in the host. */
    public long hostPromotions;
    /** Chunks that moved from the device to the host. */
    public long demotions;
    /** Chunks dropped from the device, the disk having them. */
    public long deviceEvictions;
    /** Chunks dropped from the host, the disk having them. */
    public long hostEvictions;
    /** Bytes, operations and time from host to device. */
    public long hostToDeviceBytes;

    public long hostToDeviceOperations;
    public long hostToDeviceNanos;
    /** Bytes, operations and time from device to host. */
    public long deviceToHostBytes;

    public long deviceToHostOperations;
    public long deviceToHostNanos;

    /** Chunks read ahead on a guess that the layer then selected, and that it did not. */
    public long aheadUsed;

    public long aheadWasted;
    /** Of the host's misses, those read ahead. */
    public long aheadMisses;
    /** Time the sequence waited for the emulated link to the device. */
    public long linkStallNanos;

    private final LongAdder arrivedBytes = new LongAdder();
    private final LongAdder arrivedRecords = new LongAdder();

    /** {@code [layers]}: chunks attended by decoding steps, all KV heads together. */
    public final long[] selected;
    /** {@code [layers]}: tokens attended of these chunks. */
    public final long[] selectedTokens;
    /** {@code [layers]}: chunks there were to choose from. */
    public final long[] candidates;
    /** All zero. */
    public TierCounters(int layers) {
        selected = new long[layers];
        selectedTokens = new long[layers];
        candidates = new long[layers];
    }

    /** Notes a record of the disk that was handed to the device. Thread-safe. */
    public void arrived(long bytes) {
        arrivedBytes.add(bytes);
        arrivedRecords.increment();
    }

    /** Bytes of records that went from the disk through the host to the device. */
    public long arrivedBytes() {
        return arrivedBytes.sum();
    }

    /** How many these were. */
    public long arrivedRecords() {
        return arrivedRecords.sum();
    }

    /** Starts anew. */
    public void reset() {
        aheadUsed = 0;
        aheadWasted = 0;
        aheadMisses = 0;
        linkStallNanos = 0;
        arrivedBytes.reset();
        arrivedRecords.reset();
        deviceHits = 0;
        deviceMisses = 0;
        hostHits = 0;
        hostMisses = 0;
        devicePromotions = 0;
        hostPromotions = 0;
        demotions = 0;
        deviceEvictions = 0;
        hostEvictions = 0;
        hostToDeviceBytes = 0;
        hostToDeviceOperations = 0;
        hostToDeviceNanos = 0;
        deviceToHostBytes = 0;
        deviceToHostOperations = 0;
        deviceToHostNanos = 0;
        Arrays.fill(selected, 0);
        Arrays.fill(selectedTokens, 0);
        Arrays.fill(candidates, 0);
    }
}
