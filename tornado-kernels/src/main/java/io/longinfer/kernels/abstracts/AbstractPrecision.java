package io.longinfer.kernels.abstracts;

/** How the abstracts of leaves are stored. Whatever the precision, a bound stays a bound: minima round down, maxima up. */
public enum AbstractPrecision {
    /** As {@link AbstractLayout} says; exact, as keys are fp16. */
    FP16,
    /** As {@link ByteAbstractLayout} says. */
    INT8,
    /** The same, and behind it what {@link TokenCodeLayout} says. */
    TOKENS;

    /** Bytes of a group of 16 chunks of a head of {@code headDim} channels. */
    public int groupBytes(int headDim) {
        return switch (this) {
            case FP16 -> new AbstractLayout(headDim).groupBytes();
            case INT8 -> new ByteAbstractLayout(headDim).groupBytes();
            case TOKENS -> new ByteAbstractLayout(headDim).groupBytes() + new TokenCodeLayout(headDim).groupBytes();
        };
    }
}
