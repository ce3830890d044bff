package io.longinfer.kvcache.budget;

/**
 * The bytes of one tier: whoever allocates there reserves here first, so that the peak cannot exceed the budget. Thread-safe.
 */
public final class TierBudget {
    private final Tier tier;
    private final long limitBytes;
    private long usedBytes;
    private long peakBytes;

    /** An untouched budget. */
    public TierBudget(Tier tier, long limitBytes) {
        this.tier = tier;
        this.limitBytes = limitBytes;
    }

    /**
     * Takes bytes.
     *
     * @throws TierBudgetException if that would exceed the limit; nothing is taken then
     */
    public synchronized void reserve(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("cannot reserve " + bytes + " bytes");
        }
        if (bytes > limitBytes - usedBytes) {
            throw new TierBudgetException(tier, bytes, usedBytes, limitBytes);
        }
        usedBytes += bytes;
        peakBytes = Math.max(peakBytes, usedBytes);
    }

    /** Gives bytes back. */
    public synchronized void release(long bytes) {
        if (bytes < 0 || bytes > usedBytes) {
            throw new IllegalArgumentException("cannot release " + bytes + " of " + usedBytes + " bytes");
        }
        usedBytes -= bytes;
    }

    /** The tier. */
    public Tier tier() {
        return tier;
    }

    /** The limit. */
    public long limitBytes() {
        return limitBytes;
    }

    /** Bytes reserved now. */
    public synchronized long usedBytes() {
        return usedBytes;
    }

    /** Most bytes ever reserved at once. */
    public synchronized long peakBytes() {
        return peakBytes;
    }

    /** Starts the peak anew from what is reserved now. */
    public synchronized void resetPeak() {
        peakBytes = usedBytes;
    }
}
