package io.longinfer.kvcache.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.CpuKernels;
import io.longinfer.kernels.quantization.NotFiniteException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChunkCodecTest {
    /** Odd starts: nothing may assume alignment. */
    private static final long FROM = 2;

    private static final long TO = 5;

    private static final byte UNTOUCHED = 0x5a;

    private final ChunkLayout layout = new ChunkLayout(64);

    @ParameterizedTest
    @ValueSource(strings = {"fp16", "int8", "int4", "fp16+lz4", "int8+lz4", "int4+lz4"})
    void namesAreReadAndWritten(String name) {
        assertEquals(name, Codec.parse(name).toString());
    }

    @Test
    void otherNamesAreRefused() {
        for (String name : new String[] {"", "int2", "INT8", "int8+", "int8 + lz4", "lz4"}) {
            assertThrows(IllegalArgumentException.class, () -> Codec.parse(name), name);
        }
    }

    @ParameterizedTest
    @CsvSource({"fp16, 4096, 4096", "int8, 1344, 2368", "int4, 1344, 1344"})
    void recordsHaveTheirSizes(String name, int prefixBytes, int sizeBytes) {
        Encoded encoded = encode(codec(name), noise(1));
        assertEquals(prefixBytes, encoded.prefixBytes());
        assertEquals(sizeBytes, encoded.sizeBytes());
        // Noise does not get smaller, and no larger either.
        Encoded compressed = encode(codec(name + "+lz4"), noise(1));
        assertTrue(compressed.prefixBytes() <= prefixBytes && compressed.sizeBytes() <= sizeBytes);
    }

    @Test
    void fp16KeepsAllBits() {
        byte[] bits = new byte[layout.sizeBytes()];
        new Random(2).nextBytes(bits);
        MemorySegment chunk = Arena.ofAuto().allocate(FROM + bits.length);
        MemorySegment.copy(bits, 0, chunk, ValueLayout.JAVA_BYTE, FROM, bits.length);
        for (String name : new String[] {"fp16", "fp16+lz4"}) {
            ChunkCodec codec = codec(name);
            assertEquals(-1, chunk.asSlice(FROM).mismatch(encode(codec, chunk).decode(codec)));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"fp16", "int8", "int4"})
    void lz4ChangesNothingButTheLength(String name) {
        ChunkCodec plain = codec(name);
        ChunkCodec lz4 = codec(name + "+lz4");
        for (MemorySegment chunk : List.of(noise(3), ramp(), constant())) {
            Encoded expected = encode(plain, chunk);
            Encoded found = encode(lz4, chunk);
            assertEquals(-1, expected.decode(plain).mismatch(found.decode(lz4)));
            assertEquals(
                    -1, expected.prefix().decode(plain).mismatch(found.prefix().decode(lz4)));
        }
        assertTrue(encode(lz4, constant()).sizeBytes() < 400);
    }

    @ParameterizedTest
    @ValueSource(strings = {"int8", "int8+lz4"})
    void thePrefixIsTheRecordOfInt4(String name) {
        ChunkCodec int8 = codec(name);
        ChunkCodec int4 = codec(name.replace("int8", "int4"));
        MemorySegment chunk = noise(4);
        Encoded prefix = encode(int8, chunk).prefix();
        Encoded record = encode(int4, chunk);
        assertEquals(-1, prefix.bytes().mismatch(record.bytes()));
        assertEquals(-1, prefix.decode(int8).mismatch(record.decode(int4)));
        assertNotEquals(-1, prefix.decode(int8).mismatch(encode(int8, chunk).decode(int8)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"fp16", "int8", "int4", "fp16+lz4", "int8+lz4", "int4+lz4"})
    void wrongLengthsAreRefused(String name) {
        ChunkCodec codec = codec(name);
        Encoded good = encode(codec, ramp());
        int prefix = codec.maxPrefixBytes();
        assertThrows(CodecException.class, () -> new Encoded(good.bytes(), 0, 0).decode(codec));
        assertThrows(CodecException.class, () -> new Encoded(good.bytes(), -1, 5).decode(codec));
        assertThrows(CodecException.class, () -> new Encoded(good.bytes(), prefix + 1, prefix + 1).decode(codec));
        int tooLong = codec.maxSizeBytes() + 1;
        assertThrows(CodecException.class, () -> new Encoded(good.bytes(), prefix, tooLong).decode(codec));
    }

    /** Each outcome is an exception or a chunk, and what lies around the chunk is never touched. */
    @ParameterizedTest
    @ValueSource(strings = {"fp16+lz4", "int8+lz4", "int4+lz4"})
    void damagedLz4IsAnErrorOrWrongNumbers(String name) {
        ChunkCodec codec = codec(name);
        Encoded good = encode(codec, ramp());
        assertTrue(good.prefixBytes() < codec.maxPrefixBytes(), "the ramp compresses");
        for (int length = 1; length < good.prefixBytes(); length++) {
            Encoded cut = new Encoded(good.bytes(), length, length);
            assertThrows(CodecException.class, () -> cut.decode(codec), "cut to " + length);
        }
        int errors = 0;
        for (int bit = 0; bit < 8 * good.sizeBytes(); bit++) {
            MemorySegment bytes = MemorySegment.ofArray(good.bytes().toArray(ValueLayout.JAVA_BYTE));
            byte flipped = (byte) (bytes.get(ValueLayout.JAVA_BYTE, bit / 8) ^ (1 << (bit % 8)));
            bytes.set(ValueLayout.JAVA_BYTE, bit / 8, flipped);
            try {
                new Encoded(bytes, good.prefixBytes(), good.sizeBytes()).decode(codec);
            } catch (CodecException e) {
                errors++;
                assertTrue(e.getMessage().startsWith("record in " + name + ": "), e.getMessage());
            }
        }
        assertTrue(errors > 0);
    }

    @Test
    void whatIsNotFiniteIsRefusedButByFp16() {
        MemorySegment chunk = noise(5);
        chunk.set(ValueLayout.JAVA_SHORT_UNALIGNED, FROM + 100, (short) 0x7c00);
        for (String name : new String[] {"int8", "int4", "int8+lz4", "int4+lz4"}) {
            assertThrows(NotFiniteException.class, () -> encode(codec(name), chunk), name);
        }
        assertEquals(
                -1, chunk.asSlice(FROM).mismatch(encode(codec("fp16"), chunk).decode(codec("fp16"))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"fp16+lz4", "int8", "int8+lz4", "int4+lz4"})
    void threadsShareACodec(String name) throws Exception {
        ChunkCodec codec = codec(name);
        List<MemorySegment> chunks = List.of(noise(6), ramp(), constant(), noise(7));
        List<MemorySegment> expected = new ArrayList<>();
        for (MemorySegment chunk : chunks) {
            expected.add(encode(codec, chunk).decode(codec));
        }
        try (var threads = Executors.newFixedThreadPool(4)) {
            List<Future<?>> results = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                int mine = i;
                results.add(threads.submit(() -> {
                    for (int n = 0; n < 300; n++) {
                        MemorySegment found = encode(codec, chunks.get(mine)).decode(codec);
                        assertEquals(-1, expected.get(mine).mismatch(found));
                    }
                }));
            }
            for (Future<?> result : results) {
                result.get();
            }
        }
    }

    private ChunkCodec codec(String name) {
        return new ChunkCodec(layout, Codec.parse(name), CpuKernels.fastest().quantization());
    }

    private MemorySegment noise(long seed) {
        MemorySegment chunk = Arena.ofAuto().allocate(FROM + layout.sizeBytes());
        chunk.asSlice(FROM).copyFrom(new RandomChunks(new Random(seed), layout).fill(1));
        return chunk;
    }

    private MemorySegment ramp() {
        return filled(1);
    }

    private MemorySegment constant() {
        return filled(0);
    }

    private MemorySegment filled(int slope) {
        MemorySegment chunk = Arena.ofAuto().allocate(FROM + layout.sizeBytes());
        for (int i = 0; i < layout.sizeBytes() / 2; i++) {
            chunk.set(ValueLayout.JAVA_SHORT_UNALIGNED, FROM + 2L * i, Float.floatToFloat16(3 + slope * (i % 16)));
        }
        return chunk;
    }

    private Encoded encode(ChunkCodec codec, MemorySegment chunk) {
        MemorySegment record = Arena.ofAuto().allocate(TO + codec.maxSizeBytes() + 1);
        record.set(ValueLayout.JAVA_BYTE, TO + codec.maxSizeBytes(), UNTOUCHED);
        long lengths = codec.encode(chunk, FROM, record, TO);
        assertEquals(UNTOUCHED, record.get(ValueLayout.JAVA_BYTE, TO + codec.maxSizeBytes()));
        int size = RecordLengths.sizeBytes(lengths);
        return new Encoded(record.asSlice(TO, size), RecordLengths.prefixBytes(lengths), size);
    }

    /** A record: its bytes, of which no more may be read, and its lengths. */
    private record Encoded(MemorySegment bytes, int prefixBytes, int sizeBytes) {
        Encoded prefix() {
            return new Encoded(bytes.asSlice(0, prefixBytes), prefixBytes, prefixBytes);
        }

        MemorySegment decode(ChunkCodec codec) {
            int size = new ChunkLayout(64).sizeBytes();
            MemorySegment memory =
                    MemorySegment.ofArray(new byte[(int) FROM + size + 2]).fill(UNTOUCHED);
            try {
                codec.decode(bytes, 0, prefixBytes, sizeBytes, memory, FROM);
            } finally {
                for (long at : new long[] {0, FROM - 1, FROM + size, FROM + size + 1}) {
                    assertEquals(UNTOUCHED, memory.get(ValueLayout.JAVA_BYTE, at));
                }
            }
            return memory.asSlice(FROM, size);
        }
    }
}
