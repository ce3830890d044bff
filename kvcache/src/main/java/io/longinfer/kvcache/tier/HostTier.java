package io.longinfer.kvcache.tier;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Host memory for encoded chunks, records: one arena of slots that can hold the longest record each. Different slots may be
 * used by several threads. Double close is harmless, use after close throws.
 */
public final class HostTier implements AutoCloseable {
    private static final int CACHE_LINE = 64;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;
    private final int strideBytes;
    private final int[] prefixes;
    private final int[] lengths;

    /** Memory for {@code slots} records of up to {@code recordBytes} each. */
    public HostTier(int slots, int recordBytes) {
        strideBytes = strideBytes(recordBytes);
        memory = slots == 0 ? MemorySegment.NULL : arena.allocate((long) slots * strideBytes, 4096);
        prefixes = new int[slots];
        lengths = new int[slots];
    }

    /** Bytes from one slot to the next. */
    public static int strideBytes(int recordBytes) {
        return Math.ceilDiv(recordBytes, CACHE_LINE) * CACHE_LINE;
    }

    /** All slots. */
    public MemorySegment memory() {
        return memory;
    }

    /** Where a slot starts in {@link #memory()}. */
    public long offset(int slot) {
        return (long) slot * strideBytes;
    }

    /** Copies a record into a slot. */
    public void write(int slot, MemorySegment record, long offset, int prefixBytes, int bytes) {
        MemorySegment.copy(record, offset, memory, offset(slot), bytes);
        describe(slot, prefixBytes, bytes);
    }

    /** Notes how long the record is that was written to a slot's memory. */
    public void describe(int slot, int prefixBytes, int bytes) {
        prefixes[slot] = prefixBytes;
        lengths[slot] = bytes;
    }

    /** Bytes of a slot's record that can be decoded alone. */
    public int prefixBytes(int slot) {
        return prefixes[slot];
    }

    /** Bytes of a slot's record. */
    public int bytes(int slot) {
        return lengths[slot];
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
