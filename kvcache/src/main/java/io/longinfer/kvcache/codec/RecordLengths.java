package io.longinfer.kvcache.codec;

/**
 * The two lengths of a record in one {@code long}, so that encoding allocates nothing: of its first part, which can be read
 * alone, and of the whole. They are equal where there is no second part.
 */
public final class RecordLengths {
    private RecordLengths() {}

    static long of(int prefixBytes, int sizeBytes) {
        return (long) prefixBytes << 32 | sizeBytes;
    }

    /** Bytes of the first part. */
    public static int prefixBytes(long lengths) {
        return (int) (lengths >>> 32);
    }

    /** Bytes of the record. */
    public static int sizeBytes(long lengths) {
        return (int) lengths;
    }
}
