package io.longinfer.kvcache;

/** A context does not fit the budgets. The message says what would do; the option to change first is named apart. */
public final class KvPlanException extends RuntimeException {
    private final String option;
    private final long smallestBytes;

    KvPlanException(String message, String option, long smallestBytes) {
        super(message);
        this.option = option;
        this.smallestBytes = smallestBytes;
    }

    /** The option to change, such as {@code "--host-budget"}. */
    public String option() {
        return option;
    }

    /** The smallest value of it that would do, the other options being as they are. */
    public long smallestBytes() {
        return smallestBytes;
    }
}
