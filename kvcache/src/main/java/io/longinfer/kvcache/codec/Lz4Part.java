package io.longinfer.kvcache.codec;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;

/**
 * Compresses parts of records, each on its own; what does not get smaller is stored as it is, which its length then says. One
 * thread's scratch; not thread-safe.
 */
final class Lz4Part {
    /** The library's own Java code over arrays: no native library, no {@code sun.misc.Unsafe}. */
    private static final LZ4Factory LZ4 = LZ4Factory.safeInstance();

    private final LZ4Compressor compressor = LZ4.fastCompressor();
    private final LZ4SafeDecompressor decompressor = LZ4.safeDecompressor();
    private final byte[] plain;
    private final byte[] packed;

    /** For parts of at most {@code maxBytes}. */
    Lz4Part(int maxBytes) {
        plain = new byte[maxBytes];
        packed = new byte[compressor.maxCompressedLength(maxBytes)];
    }

    /** Writes a part of {@code length} bytes to {@code to}, in as many bytes as it returns, at most {@code length}. */
    int compress(MemorySegment from, long fromOffset, int length, MemorySegment to, long toOffset) {
        MemorySegment.copy(from, ValueLayout.JAVA_BYTE, fromOffset, plain, 0, length);
        int size = compressor.compress(plain, 0, length, packed, 0, packed.length);
        if (size >= length) {
            MemorySegment.copy(plain, 0, to, ValueLayout.JAVA_BYTE, toOffset, length);
            return length;
        }
        MemorySegment.copy(packed, 0, to, ValueLayout.JAVA_BYTE, toOffset, size);
        return size;
    }

    /**
     * Writes the {@code length} bytes that a part of {@code size} bytes stands for.
     *
     * @throws CodecException if it does not stand for as many; never touches more than {@code length} bytes of {@code to}
     */
    void decompress(
            Codec codec, MemorySegment from, long fromOffset, int size, MemorySegment to, long toOffset, int length) {
        if (size == length) {
            MemorySegment.copy(from, fromOffset, to, toOffset, length);
            return;
        }
        MemorySegment.copy(from, ValueLayout.JAVA_BYTE, fromOffset, packed, 0, size);
        int found;
        try {
            found = decompressor.decompress(packed, 0, size, plain, 0, length);
        } catch (LZ4Exception e) {
            throw new CodecException(codec, "lz4 part of " + size + " bytes is damaged", e);
        }
        if (found != length) {
            throw new CodecException(
                    codec, "lz4 part of " + size + " bytes holds " + found + " bytes, expected " + length);
        }
        MemorySegment.copy(plain, 0, to, ValueLayout.JAVA_BYTE, toOffset, length);
    }
}
