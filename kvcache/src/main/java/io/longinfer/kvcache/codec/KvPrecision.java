package io.longinfer.kvcache.codec;

/** The precision of keys and values that the past is attended in, wherever it lies; see {@link ChunkRounding}. */
public enum KvPrecision {
    /** As they come: nothing is rounded. */
    F16,
    /** The 8 significant bits of bfloat16; lies in fp16, so it saves no bytes and only shows what bf16 costs in accuracy. */
    BF16,
    /** What {@link Precision#INT8} decodes to. */
    INT8,
    /** What {@link Precision#INT4} decodes to. */
    INT4;

    /** The shortest precision of records that holds such chunks exactly. */
    public Precision recordPrecision() {
        return switch (this) {
            case F16, BF16 -> Precision.FP16;
            case INT8 -> Precision.INT8;
            case INT4 -> Precision.INT4;
        };
    }
}
