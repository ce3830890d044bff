package io.longinfer.kernels.linear;

/**
 * What a product with packed weights is compiled for, in one int that a kernel takes as a constant: see {@link #bits()}. The
 * static methods are compiled into kernels, where they fold.
 *
 * @param format a constant of {@link PackedLayout}
 * @param shuffles whether items of a warp add up by shuffles
 * @param epilogue {@link #STORE}, {@link #ADD}, {@link #RELU} or {@link #GATED}
 * @param bias whether an array of biases {@code [layers][outputs]} is added; not with {@link #GATED}
 * @param logits whether the rows are those whose logits are asked for, and there is one layer only
 * @param severalRows whether a weight is decoded for four rows at a time, not for each anew
 * @param lanes items of a work-group of the matrix-vector form: 32, 64 or 128
 */
public record ProductForm(
        int format, boolean shuffles, int epilogue, boolean bias, boolean logits, boolean severalRows, int lanes) {
    /** {@code y = w x + bias} */
    public static final int STORE = 0;

    /** {@code y += w x + bias} */
    public static final int ADD = 1;

    /** {@code y = max(0, w x + bias)} */
    public static final int RELU = 2;

    /** {@code y = silu(g x) * (u x)}, w being g above u. */
    public static final int GATED = 3;

    /** Items of the largest work-group of the matrix-vector form. */
    public static final int MOST_LANES = 128;

    private static final int LEAST_LANES = 32;

    /** With at least so many ints of a row for an item, more items share a row. */
    private static final int INTS_PER_LANE = 2;

    private static final int SHUFFLES = 2;
    private static final int EPILOGUE = 3;
    private static final int BIAS = 5;
    private static final int LOGITS = 6;
    private static final int SEVERAL_ROWS = 7;
    private static final int LANES = 8;

    public ProductForm {
        if (format < PackedLayout.F32 || format > PackedLayout.Q4) {
            throw new IllegalArgumentException("there are formats 0 to 3, not " + format);
        }
        if (epilogue < STORE || epilogue > GATED) {
            throw new IllegalArgumentException("there are epilogues 0 to 3, not " + epilogue);
        }
        if (bias && epilogue == GATED) {
            throw new IllegalArgumentException("a gated product has no bias");
        }
        if (Integer.bitCount(lanes) != 1 || lanes < LEAST_LANES || lanes > MOST_LANES) {
            throw new IllegalArgumentException("a work-group has 32, 64 or 128 items, not " + lanes);
        }
    }

    /** A product that stores what it computes, for one row at a time, without anything that only some devices have. */
    public static ProductForm of(PackedWeights weights) {
        int ints = PackedLayout.valueInts(weights.format(), weights.columns());
        int lanes = LEAST_LANES;
        while (lanes < MOST_LANES && ints >= 2 * lanes * INTS_PER_LANE) {
            lanes *= 2;
        }
        return new ProductForm(weights.format(), false, STORE, false, false, false, lanes);
    }

    /** The same for a device with or without shuffles. */
    public ProductForm on(boolean shuffles) {
        return new ProductForm(format, shuffles, epilogue, bias, logits, severalRows, lanes);
    }

    /** The same with another end. */
    public ProductForm ending(int epilogue, boolean bias) {
        return new ProductForm(format, shuffles, epilogue, bias, logits, severalRows, lanes);
    }

    /** The same for the rows of logits. */
    public ProductForm forLogits() {
        return new ProductForm(format, shuffles, epilogue, bias, true, severalRows, lanes);
    }

    /** The same for four rows at a time. */
    public ProductForm forSeveralRows() {
        return new ProductForm(format, shuffles, epilogue, bias, logits, true, lanes);
    }

    /** The int that kernels take. */
    public int bits() {
        return format
                | bit(shuffles, SHUFFLES)
                | (epilogue << EPILOGUE)
                | bit(bias, BIAS)
                | bit(logits, LOGITS)
                | bit(severalRows, SEVERAL_ROWS)
                | (lanes << LANES);
    }

    private static int bit(boolean value, int at) {
        return value ? 1 << at : 0;
    }

    /** The format. */
    static int format(int form) {
        return form & 3;
    }

    /** 1 for shuffles. */
    static int shuffles(int form) {
        return (form >>> SHUFFLES) & 1;
    }

    /** The end. */
    static int epilogue(int form) {
        return (form >>> EPILOGUE) & 3;
    }

    /** 1 for a bias. */
    static int bias(int form) {
        return (form >>> BIAS) & 1;
    }

    /** 1 for the rows of logits. */
    static int logits(int form) {
        return (form >>> LOGITS) & 1;
    }

    /** 4 or 1. */
    static int rowsAtOnce(int form) {
        return 1 + 3 * ((form >>> SEVERAL_ROWS) & 1);
    }

    /** Items of a work-group. */
    static int lanes(int form) {
        return form >>> LANES;
    }
}
