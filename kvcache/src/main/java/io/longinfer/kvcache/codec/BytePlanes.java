package io.longinfer.kvcache.codec;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Takes fp16 numbers apart into their low bytes, which are noise, and behind these their high bytes (sign, exponent and the
 * first bits of the number), which repeat; and puts them together. Stateless and thread-safe.
 */
final class BytePlanes {
    private BytePlanes() {}

    /** From {@code bytes} bytes of numbers to as many of planes, from 0. */
    static void split(MemorySegment numbers, long numbersOffset, MemorySegment planes, int bytes) {
        int count = bytes / 2;
        for (int i = 0; i < count; i++) {
            planes.set(ValueLayout.JAVA_BYTE, i, numbers.get(ValueLayout.JAVA_BYTE, numbersOffset + 2L * i));
            planes.set(
                    ValueLayout.JAVA_BYTE, count + i, numbers.get(ValueLayout.JAVA_BYTE, numbersOffset + 2L * i + 1));
        }
    }

    /** From {@code bytes} bytes of planes to as many of numbers. */
    static void join(MemorySegment planes, long planesOffset, MemorySegment numbers, long numbersOffset, int bytes) {
        int count = bytes / 2;
        for (int i = 0; i < count; i++) {
            numbers.set(
                    ValueLayout.JAVA_BYTE, numbersOffset + 2L * i, planes.get(ValueLayout.JAVA_BYTE, planesOffset + i));
            numbers.set(
                    ValueLayout.JAVA_BYTE,
                    numbersOffset + 2L * i + 1,
                    planes.get(ValueLayout.JAVA_BYTE, planesOffset + count + i));
        }
    }
}
