package uk.ac.manchester.tornado.api.types;

/** A number of half precision; immutable. */
public class HalfFloat {
    private final short bits;

    /** The nearest half to a float. */
    public HalfFloat(float halfFloat) {
        bits = Float.floatToFloat16(halfFloat);
    }

    /** A half from its bits. */
    public HalfFloat(short halfFloat) {
        bits = halfFloat;
    }

    /** The sum, rounded to half. */
    public static HalfFloat add(HalfFloat a, HalfFloat b) {
        return new HalfFloat(a.getFloat32() + b.getFloat32());
    }

    /** The difference, rounded to half. */
    public static HalfFloat sub(HalfFloat a, HalfFloat b) {
        return new HalfFloat(a.getFloat32() - b.getFloat32());
    }

    /** The product, rounded to half. */
    public static HalfFloat mult(HalfFloat a, HalfFloat b) {
        return new HalfFloat(a.getFloat32() * b.getFloat32());
    }

    /** The quotient, rounded to half. */
    public static HalfFloat div(HalfFloat a, HalfFloat b) {
        return new HalfFloat(a.getFloat32() / b.getFloat32());
    }

    /** The bits. */
    public short getHalfFloatValue() {
        return bits;
    }

    /** The value. */
    public float getFloat32() {
        return Float.float16ToFloat(bits);
    }

    @Override
    public String toString() {
        return "HalfFloat: " + getFloat32();
    }
}
