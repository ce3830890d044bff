package io.longinfer.kvcache.codec;

/** A record cannot be decoded: its lengths are none that its codec writes, or its lz4 data are damaged. */
public final class CodecException extends RuntimeException {
    private final Codec codec;

    CodecException(Codec codec, String message) {
        super("record in " + codec + ": " + message);
        this.codec = codec;
    }

    CodecException(Codec codec, String message, Throwable cause) {
        this(codec, message);
        initCause(cause);
    }

    /** The codec that the record was taken for. */
    public Codec codec() {
        return codec;
    }
}
