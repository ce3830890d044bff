package uk.ac.manchester.tornado.api.types.vectors;

import uk.ac.manchester.tornado.api.types.HalfFloat;

/** Two halves; not thread-safe. */
public final class Half2 {
    private HalfFloat x;
    private HalfFloat y;

    /** Two zeros. */
    public Half2() {
        this(new HalfFloat(0f), new HalfFloat(0f));
    }

    /** Two halves. */
    public Half2(HalfFloat x, HalfFloat y) {
        this.x = x;
        this.y = y;
    }

    /** The sums. */
    public static Half2 add(Half2 a, Half2 b) {
        return new Half2(HalfFloat.add(a.x, b.x), HalfFloat.add(a.y, b.y));
    }

    /** The differences. */
    public static Half2 sub(Half2 a, Half2 b) {
        return new Half2(HalfFloat.sub(a.x, b.x), HalfFloat.sub(a.y, b.y));
    }

    /** The products. */
    public static Half2 mult(Half2 a, Half2 b) {
        return new Half2(HalfFloat.mult(a.x, b.x), HalfFloat.mult(a.y, b.y));
    }

    /** {@code a * b + c}, rounded once. */
    public static Half2 fma(Half2 a, Half2 b, Half2 c) {
        return fromFloats(lowFloat(a) * lowFloat(b) + lowFloat(c), highFloat(a) * highFloat(b) + highFloat(c));
    }

    /** The first as a float. */
    public static float lowFloat(Half2 a) {
        return a.x.getFloat32();
    }

    /** The second as a float. */
    public static float highFloat(Half2 a) {
        return a.y.getFloat32();
    }

    /** Two floats, rounded. */
    public static Half2 fromFloats(float x, float y) {
        return new Half2(new HalfFloat(x), new HalfFloat(y));
    }

    /** The first. */
    public HalfFloat getX() {
        return x;
    }

    /** Sets the first. */
    public void setX(HalfFloat value) {
        x = value;
    }

    /** The second. */
    public HalfFloat getY() {
        return y;
    }

    /** Sets the second. */
    public void setY(HalfFloat value) {
        y = value;
    }
}
