package io.longinfer.kvcache.codec;

/** Bits in which a record holds keys and values. */
public enum Precision {
    /** As they are. */
    FP16,
    /** Codes of 8 bits; the first part of such a record reads as {@link #INT4}. */
    INT8,
    /** Codes of 4 bits. */
    INT4
}
