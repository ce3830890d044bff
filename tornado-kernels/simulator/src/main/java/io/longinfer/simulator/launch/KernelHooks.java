package io.longinfer.simulator.launch;

import io.longinfer.simulator.FindingKind;
import uk.ac.manchester.tornado.api.KernelContext;

/** What instrumented kernels call before they act; public for them alone. */
public final class KernelHooks {
    private KernelHooks() {}

    /** A kernel is going to read an element of a Java array, local or private. */
    public static void read(Object array, int index) {
        Launch.current().locals().read(array, index);
    }

    /** A kernel is going to write an element of a Java array, local or private. */
    public static void write(Object array, int index) {
        Launch.current().locals().write(array, index, false);
    }

    /** A kernel comes to a barrier. */
    public static void barrier(KernelContext context, String where) {
        context.simulated().barrier(where);
    }

    /** A kernel computes {@code value >> count} and keeps so many bits; PTX shifts zeros in. */
    public static void shiftSigned(int value, int count, int keptBits) {
        if (lost(value, count, keptBits)) {
            throw wrong(value, ">>", count, "PTX", "(p >> n) & MASK");
        }
    }

    /** A kernel computes {@code value >>> count} and keeps so many bits; OpenCL shifts the sign in. */
    public static void shiftUnsigned(int value, int count, int keptBits) {
        if (lost(value, count, keptBits)) {
            throw wrong(value, ">>>", count, "OpenCL", "(p >> n) & MASK");
        }
    }

    private static boolean lost(int value, int count, int keptBits) {
        return count < 0 || count > 31 || (value < 0 && count > 0 && keptBits > 32 - count);
    }

    /** A kernel divides; both devices shift where the divisor is a power of two, and are wrong below zero. */
    public static void divide(int dividend, int divisor) {
        if (dividend < 0 && divisor > 1 && Integer.bitCount(divisor) == 1) {
            throw wrong(dividend, "/", divisor, "OpenCL and PTX", "a division of what is not negative");
        }
    }

    private static RuntimeException wrong(int value, String operator, int by, String backends, String instead) {
        return Launch.current()
                .finding(
                        FindingKind.SHIFT_OF_NEGATIVE,
                        value + " " + operator + " " + by + " is computed otherwise by " + backends + " (take "
                                + instead + "), computed");
    }
}
