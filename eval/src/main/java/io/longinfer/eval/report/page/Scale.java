package io.longinfer.eval.report.page;

import java.util.ArrayList;
import java.util.List;

/**
 * Maps values to places on an axis.
 *
 * @param low value at {@code from}
 * @param high value at {@code to}
 * @param logarithmic both ends are then above 0
 * @param unit what round values are multiples of
 */
record Scale(double low, double high, double from, double to, boolean logarithmic, double unit) {
    private static final int TICKS = 5;
    private static final double[] STEPS = {1, 2, 2.5, 5, 10};
    /** From here on, the smaller values would lie on the axis of a linear scale. */
    private static final double WIDE = 30;

    /**
     * Along values from {@code least} to {@code greatest}, with 0 among them and round ends; logarithmic if they differ much.
     *
     * @param unit what round values are multiples of, such as 1024
     */
    static Scale ofValues(double least, double greatest, double from, double to, double unit) {
        if (least > 0 && greatest / least > WIDE) {
            return new Scale(roundBelow(least), 1 / roundBelow(1 / greatest), from, to, true, 1);
        }
        return ofLengths(least, greatest, from, to, unit);
    }

    /** The greatest of 1, 2, 5 times a power of ten that is no greater. */
    private static double roundBelow(double value) {
        double power = Math.pow(10, Math.floor(Math.log10(value)));
        double digit = value / power * (1 + 1e-9);
        return digit >= 5 ? 5 * power : digit >= 2 ? 2 * power : power;
    }

    /** The same, linear in any case: lengths of bars must not lie. */
    static Scale ofLengths(double least, double greatest, double from, double to, double unit) {
        double bottom = Math.min(0, least);
        double top = Math.max(0, greatest);
        double step = step(top - bottom, unit);
        double low = Math.floor(bottom / step + 1e-9) * step;
        double high = Math.ceil(top / step - 1e-9) * step;
        return new Scale(low, high > low ? high : low + 1, from, to, false, unit);
    }

    /** Exactly from the least to the greatest, with room beside them; logarithmic if they differ much. */
    static Scale ofPoints(double least, double greatest, double from, double to) {
        if (least > 0 && greatest / least >= 4) {
            double room = Math.pow(greatest / least, 0.05);
            return new Scale(least / room, greatest * room, from, to, true, 1);
        }
        double room = greatest > least ? 0.05 * (greatest - least) : 1;
        return new Scale(least - room, greatest + room, from, to, false, 1);
    }

    private static double step(double range, double unit) {
        double rough = (range > 0 ? range / TICKS : 1) / unit;
        double power = Math.pow(10, Math.floor(Math.log10(rough)));
        for (double step : STEPS) {
            if (step * power >= rough * (1 - 1e-9)) {
                return step * power * unit;
            }
        }
        return 10 * power * unit;
    }

    /** The place of a value; ends for values beyond them. */
    double at(double value) {
        double share = logarithmic
                ? Math.log(Math.max(value, low) / low) / Math.log(high / low)
                : (value - low) / (high - low);
        return from + Math.clamp(share, 0, 1) * (to - from);
    }

    /** Round values to mark. */
    List<Double> ticks() {
        List<Double> ticks = new ArrayList<>();
        if (logarithmic) {
            double powers = Math.log10(high / low);
            for (double power = Math.pow(10, Math.floor(Math.log10(low))); power <= high * 1.0001; power *= 10) {
                for (double digit : powers > 2 ? new double[] {1} : new double[] {1, 2, 5}) {
                    if (digit * power >= low * 0.9999 && digit * power <= high * 1.0001) {
                        ticks.add(digit * power);
                    }
                }
            }
            return ticks;
        }
        double step = step(high - low, unit);
        for (int index = 0; low + index * step <= high + step * 1e-6; index++) {
            ticks.add(low + index * step);
        }
        return ticks;
    }
}
