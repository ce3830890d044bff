package io.longinfer.kernels.linear;

import io.longinfer.kernels.device.Alignment;

/**
 * How a row of weights lies in a device array: in <i>units</i> of 8 ints, then its scales, then nothing up to a multiple of 8
 * ints, so that every row begins with a sector. An int holds {@code 1 << format} values, and value k of int i of a unit is
 * the unit's value {@code 8 k + i}: items that read neighbouring ints of weights so read neighbouring activations too.
 *
 * <pre>
 * format  values   of a unit  scales behind the units
 * F32     float    8          none (the array is one of floats)
 * F16     2 fp16   16         none
 * Q8      4 bytes  32         one fp16 a unit: value = scale * code
 * Q4      8 codes  64         two ints a unit, for its first and last 32 values, fp16 scale low and minimum high:
 *                             value = scale * code + minimum
 * </pre>
 *
 * <p>Values behind the last column are 0. The static methods are compiled into kernels.
 */
public final class PackedLayout {
    /** Floats. */
    public static final int F32 = 0;

    /** Half floats, two in an int. */
    public static final int F16 = 1;

    /** Signed bytes with a scale for 32 of them. */
    public static final int Q8 = 2;

    /** Codes of 4 bits with a scale and a minimum for 32 of them. */
    public static final int Q4 = 3;

    /** Ints of a unit. */
    public static final int UNIT_INTS = Alignment.SECTOR_INTS;

    private PackedLayout() {}

    /** Units of a row. */
    public static int units(int format, int columns) {
        return (columns + (UNIT_INTS << format) - 1) >>> (3 + format);
    }

    /** Ints of a row's values. */
    public static int valueInts(int format, int columns) {
        return units(format, columns) * UNIT_INTS;
    }

    /** Ints from a row to the next. */
    public static int rowInts(int format, int columns) {
        int units = units(format, columns);
        int scales = format == Q4 ? 2 * units : format == Q8 ? (units + 1) >>> 1 : 0;
        return units * UNIT_INTS + ((scales + UNIT_INTS - 1) & -UNIT_INTS);
    }

    /** The column of the first value of int {@code index} of a row; the others follow 8 columns apart. */
    public static int column(int format, int index) {
        return ((index >>> 3) << (3 + format)) + (index & (UNIT_INTS - 1));
    }
}
