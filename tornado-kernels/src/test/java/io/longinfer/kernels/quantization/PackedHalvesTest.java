package io.longinfer.kernels.quantization;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Halves in ints against the JDK's, bit by bit. */
class PackedHalvesTest {
    private static final int HALVES = 1 << 16;

    private static boolean finite(int bits) {
        return (bits & 0x7c00) != 0x7c00;
    }

    @Test
    void everyFiniteNumberIsDecoded() {
        for (int bits = 0; bits < HALVES; bits++) {
            if (finite(bits)) {
                float expected = Float.float16ToFloat((short) bits);
                assertEquals(expected, PackedHalves.number(bits), "bits " + bits);
                assertEquals(expected, PackedHalves.low(bits | 0xbeef0000), "low bits " + bits);
                assertEquals(expected, PackedHalves.high((bits << 16) | 0x8bad), "high bits " + bits);
            }
        }
    }

    @Test
    void numbersAreRoundedToNearestEven() {
        for (int bits = 0; bits + 1 < HALVES; bits++) {
            if (finite(bits) && finite(bits + 1)) {
                float number = Float.float16ToFloat((short) bits);
                float between = (number + Float.float16ToFloat((short) (bits + 1))) / 2;
                for (float x : new float[] {number, Math.nextUp(number), Math.nextDown(number), between}) {
                    check(x);
                }
            }
        }
        SplittableRandom random = new SplittableRandom(5);
        System.err.println("seed 5");
        for (int i = 0; i < 200_000; i++) {
            check((float) (random.nextGaussian() * Math.pow(2, random.nextInt(40) - 28)));
        }
    }

    private static void check(float x) {
        if (Math.abs(x) <= 65504 && x != 0) {
            assertEquals(Float.floatToFloat16(x) & 0xffff, PackedHalves.bits(x), "of " + x);
        }
    }

    @Test
    void whatIsTooGreatBecomesTheGreatest() {
        assertEquals(0x7bff, PackedHalves.bits(1e9f));
        assertEquals(0xfbff, PackedHalves.bits(-70000f));
        assertEquals(0x3c00 | (0xc000 << 16), PackedHalves.pack(1f, -2f));
    }
}
