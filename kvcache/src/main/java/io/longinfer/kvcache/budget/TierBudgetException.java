package io.longinfer.kvcache.budget;

/** An allocation that a tier's budget refused. */
public final class TierBudgetException extends RuntimeException {
    private final Tier tier;

    TierBudgetException(Tier tier, long requestedBytes, long usedBytes, long limitBytes) {
        super(requestedBytes + " more bytes do not fit the " + tier.label() + " budget of " + limitBytes
                + " bytes, of which " + usedBytes + " are used; raise " + tier.option());
        this.tier = tier;
    }

    /** The tier. */
    public Tier tier() {
        return tier;
    }
}
