package io.longinfer.kvcache.selection;

/** Divides a budget between layers by their measured desert rates. Pure functions. */
public final class LayerRatios {
    private LayerRatios() {}

    /**
     * {@code ratio * (1 - D_l) / mean(1 - D)} for each layer, within {@code min} and 1; what the limits cut off goes to the other
     * layers in proportion, so that the mean stays {@code ratio} as far as the limits allow.
     *
     * @param ratio mean ratio, from {@code min} to 1
     * @param desertRates {@code [layers]}, 0 to 1
     */
    public static double[] of(double ratio, double[] desertRates, double min) {
        int layers = desertRates.length;
        double low = Math.min(min, ratio);
        double[] ratios = new double[layers];
        // The total rises with the scale: halving finds the scale that keeps it.
        double below = 0;
        double above = 1e9;
        for (int i = 0; i < 200; i++) {
            double scale = (below + above) / 2;
            if (total(desertRates, scale, low, ratios) < ratio * layers) {
                below = scale;
            } else {
                above = scale;
            }
        }
        total(desertRates, above, low, ratios);
        return ratios;
    }

    private static double total(double[] desertRates, double scale, double min, double[] ratios) {
        double total = 0;
        for (int layer = 0; layer < ratios.length; layer++) {
            // A layer that is all desert still has a weight, or it could never take up what others leave.
            double weight = Math.max(1e-6, 1 - desertRates[layer]);
            ratios[layer] = Math.clamp(scale * weight, min, 1);
            total += ratios[layer];
        }
        return total;
    }
}
