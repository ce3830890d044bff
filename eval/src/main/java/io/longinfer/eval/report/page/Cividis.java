package io.longinfer.eval.report.page;

import java.util.Locale;

/**
 * A scale of colours from dark blue to yellow that looks alike to people with and without colour blindness, and grows lighter
 * evenly (cividis; Nunez, Anderton and Renslow, PLOS ONE 2018), between ten of its colours.
 */
final class Cividis {
    private static final int[] STOPS = {
        0x00224E, 0x123570, 0x3B496C, 0x575D6D, 0x707173, 0x8A8678, 0xA59C74, 0xC3B369, 0xE1CC55, 0xFEE838
    };

    private Cividis() {}

    /** The colour of a share from 0 to 1; light grey if it is not a number. */
    static String colour(double share) {
        if (Double.isNaN(share)) {
            return "#d9d9d9";
        }
        double place = Math.clamp(share, 0, 1) * (STOPS.length - 1);
        int index = Math.min((int) place, STOPS.length - 2);
        double part = place - index;
        int colour = 0;
        for (int shift = 16; shift >= 0; shift -= 8) {
            int low = STOPS[index] >> shift & 0xFF;
            int high = STOPS[index + 1] >> shift & 0xFF;
            colour |= (int) Math.round(low + part * (high - low)) << shift;
        }
        return String.format(Locale.ROOT, "#%06x", colour);
    }
}
