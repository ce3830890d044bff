package io.longinfer.kvcache.tier;

import java.util.Arrays;

/** What the sequence's own thread counts. Plain fields: one thread writes and reads. */
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

    /** {@code [layers]}: chunks attended by decoding steps, all KV heads together. */
    public final long[] selected;
    /** {@code [layers]}: chunks there were to choose from. */
    public final long[] candidates;
    /** {@code [layers]}: bytes of abstracts scored. */
    public final long[] abstractBytes;

    /** All zero. */
    public TierCounters(int layers) {
        selected = new long[layers];
        candidates = new long[layers];
        abstractBytes = new long[layers];
    }

    /** Starts anew. */
    public void reset() {
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
        Arrays.fill(candidates, 0);
        Arrays.fill(abstractBytes, 0);
    }
}
