package uk.ac.manchester.tornado.api.math;

/** The functions that kernels call: computed as {@link Math} does, where a device is only near to it. */
public final class TornadoMath {
    private TornadoMath() {}

    /** The smaller one. */
    public static float min(float a, float b) {
        return Math.min(a, b);
    }

    /** The larger one. */
    public static float max(float a, float b) {
        return Math.max(a, b);
    }

    /** The magnitude. */
    public static float abs(float a) {
        return Math.abs(a);
    }

    /** The smaller one. */
    public static double min(double a, double b) {
        return Math.min(a, b);
    }

    /** The larger one. */
    public static double max(double a, double b) {
        return Math.max(a, b);
    }

    /** The magnitude. */
    public static double abs(double a) {
        return Math.abs(a);
    }

    /** The smaller one. */
    public static long min(long a, long b) {
        return Math.min(a, b);
    }

    /** The larger one. */
    public static long max(long a, long b) {
        return Math.max(a, b);
    }

    /** The magnitude. */
    public static long abs(long a) {
        return Math.abs(a);
    }

    /** The smaller one. */
    public static int min(int a, int b) {
        return Math.min(a, b);
    }

    /** The larger one. */
    public static int max(int a, int b) {
        return Math.max(a, b);
    }

    /** The magnitude. */
    public static int abs(int a) {
        return Math.abs(a);
    }

    /** The smaller one. */
    public static short min(short a, short b) {
        return (short) Math.min(a, b);
    }

    /** The larger one. */
    public static short max(short a, short b) {
        return (short) Math.max(a, b);
    }

    /** The magnitude. */
    public static short abs(short a) {
        return (short) Math.abs(a);
    }

    /** The smaller one. */
    public static byte min(byte a, byte b) {
        return (byte) Math.min(a, b);
    }

    /** The larger one. */
    public static byte max(byte a, byte b) {
        return (byte) Math.max(a, b);
    }

    /** The magnitude. */
    public static byte abs(byte a) {
        return (byte) Math.abs(a);
    }

    /** The value brought into a range. */
    public static float clamp(float val, float min, float max) {
        return Math.min(Math.max(val, min), max);
    }

    /** The value brought into a range. */
    public static double clamp(double val, double min, double max) {
        return Math.min(Math.max(val, min), max);
    }

    /** The value brought into a range. */
    public static long clamp(long val, long min, long max) {
        return Math.min(Math.max(val, min), max);
    }

    /** The value brought into a range. */
    public static int clamp(int val, int min, int max) {
        return Math.min(Math.max(val, min), max);
    }

    /** e to the power of the value. */
    public static double exp(double value) {
        return Math.exp(value);
    }

    /** e to the power of the value. */
    public static float exp(float value) {
        return (float) Math.exp(value);
    }

    /** The square root. */
    public static double sqrt(double value) {
        return Math.sqrt(value);
    }

    /** The square root. */
    public static float sqrt(float value) {
        return (float) Math.sqrt(value);
    }

    /** The largest whole number not above the value. */
    public static double floor(double value) {
        return Math.floor(value);
    }

    /** The largest whole number not above the value. */
    public static float floor(float value) {
        return (float) Math.floor(value);
    }

    /** The smallest whole number not below the value. */
    public static double ceil(double value) {
        return Math.ceil(value);
    }

    /** The smallest whole number not below the value. */
    public static float ceil(float value) {
        return (float) Math.ceil(value);
    }

    /** The natural logarithm. */
    public static double log(double value) {
        return Math.log(value);
    }

    /** The natural logarithm. */
    public static float log(float value) {
        return (float) Math.log(value);
    }

    /** The sine of radians. */
    public static double sin(double value) {
        return Math.sin(value);
    }

    /** The sine of radians. */
    public static float sin(float value) {
        return (float) Math.sin(value);
    }

    /** The cosine of radians. */
    public static double cos(double value) {
        return Math.cos(value);
    }

    /** The cosine of radians. */
    public static float cos(float value) {
        return (float) Math.cos(value);
    }

    /** The tangent of radians. */
    public static double tan(double value) {
        return Math.tan(value);
    }

    /** The tangent of radians. */
    public static float tan(float value) {
        return (float) Math.tan(value);
    }

    /** The hyperbolic tangent. */
    public static double tanh(double value) {
        return Math.tanh(value);
    }

    /** The hyperbolic tangent. */
    public static float tanh(float value) {
        return (float) Math.tanh(value);
    }

    /** The arc tangent. */
    public static double atan(double value) {
        return Math.atan(value);
    }

    /** The arc tangent. */
    public static float atan(float value) {
        return (float) Math.atan(value);
    }

    /** The arc sine. */
    public static double asin(double value) {
        return Math.asin(value);
    }

    /** The arc sine. */
    public static float asin(float value) {
        return (float) Math.asin(value);
    }

    /** The arc cosine. */
    public static double acos(double value) {
        return Math.acos(value);
    }

    /** The arc cosine. */
    public static float acos(float value) {
        return (float) Math.acos(value);
    }

    /** -1, 0 or 1. */
    public static double signum(double value) {
        return Math.signum(value);
    }

    /** -1, 0 or 1. */
    public static float signum(float value) {
        return Math.signum(value);
    }

    /** Degrees in radians. */
    public static double toRadians(double value) {
        return Math.toRadians(value);
    }

    /** Degrees in radians. */
    public static float toRadians(float value) {
        return (float) Math.toRadians(value);
    }

    /** The logarithm of base two. */
    public static double log2(double value) {
        return Math.log(value) / Math.log(2);
    }

    /** The logarithm of base two. */
    public static float log2(float value) {
        return (float) (Math.log(value) / Math.log(2));
    }

    /** The sine of multiples of pi. */
    public static double sinpi(double value) {
        return Math.sin(value * Math.PI);
    }

    /** The sine of multiples of pi. */
    public static float sinpi(float value) {
        return (float) Math.sin(value * Math.PI);
    }

    /** The cosine of multiples of pi. */
    public static double cospi(double value) {
        return Math.cos(value * Math.PI);
    }

    /** The cosine of multiples of pi. */
    public static float cospi(float value) {
        return (float) Math.cos(value * Math.PI);
    }

    /** {@code a} to the power of {@code b}. */
    public static double pow(double a, double b) {
        return Math.pow(a, b);
    }

    /** {@code a} to the power of {@code b}. */
    public static float pow(float a, float b) {
        return (float) Math.pow(a, b);
    }

    /** The angle of the point (b, a). */
    public static double atan2(double a, double b) {
        return Math.atan2(a, b);
    }

    /** The angle of the point (b, a). */
    public static float atan2(float a, float b) {
        return (float) Math.atan2(a, b);
    }

    /** What is above the floor. */
    public static float fract(float value) {
        return value - floor(value);
    }

    /** What is above the floor. */
    public static double fract(double value) {
        return value - floor(value);
    }

    /** Pi. */
    public static float floatPI() {
        return (float) Math.PI;
    }

    /** Pi. */
    public static double PI() {
        return Math.PI;
    }
}
