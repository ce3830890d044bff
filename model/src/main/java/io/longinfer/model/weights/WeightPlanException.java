package io.longinfer.model.weights;

import io.longinfer.kvcache.ByteSize;

/** Weights that the budgets have no room for, however they are placed. */
public final class WeightPlanException extends RuntimeException {
    private final long neededBytes;

    WeightPlanException(long neededBytes, long budgetBytes, String needs) {
        super("the device budget of weights, " + budgetBytes + " bytes, does not hold " + needs
                + "; --weights-device-budget " + ByteSize.exact(neededBytes) + " would do");
        this.neededBytes = neededBytes;
    }

    /** The smallest device budget that would do. */
    public long neededBytes() {
        return neededBytes;
    }
}
