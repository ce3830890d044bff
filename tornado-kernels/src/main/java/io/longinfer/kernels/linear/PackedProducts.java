package io.longinfer.kernels.linear;

import io.longinfer.kernels.device.StepLayout;
import io.longinfer.kernels.quantization.PackedHalves;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** What the kernels of products with packed weights share; compiled into them. {@code form} is a {@link ProductForm}. */
// A field of bits is (p >> n) & mask, and a signed byte (byte) (p >>> n): OpenCL gets other unsigned shifts of negative
// ints
// wrong, and PTX other signed ones.
final class PackedProducts {
    private PackedProducts() {}

    /** How many rows there are. */
    static int rows(IntArray step, int form) {
        return ProductForm.logits(form) == 1 ? step.get(StepLayout.LOGITS_ROWS) : step.get(StepLayout.ROWS);
    }

    /** The layer whose weights and biases are meant. */
    static int layer(IntArray step, int form) {
        return ProductForm.logits(form) == 1 ? 0 : step.get(StepLayout.LAYER);
    }

    /** An int of weights, 0 if they are floats. */
    static int packed(IntArray ints, int at, int form) {
        int packed = 0;
        if (ProductForm.format(form) != PackedLayout.F32) {
            packed = ints.get(at);
        }
        return packed;
    }

    /** A weight that is a float, 0 if they are not. */
    static float number(FloatArray floats, int at, int form) {
        float number = 0f;
        if (ProductForm.format(form) == PackedLayout.F32) {
            number = floats.get(at);
        }
        return number;
    }

    /**
     * The scale of a block of a row, in the low half, and of Q4 the minimum in the high half.
     *
     * @param at where the row's scales begin
     * @param block of 32 values
     */
    static int scale(IntArray ints, int at, int block, int form) {
        int scale = 0;
        if (ProductForm.format(form) == PackedLayout.Q8) {
            scale = (ints.get(at + (block >>> 1)) >> ((block & 1) << 4)) & 0xffff;
        }
        if (ProductForm.format(form) == PackedLayout.Q4) {
            scale = ints.get(at + block);
        }
        return scale;
    }

    /** The first number of what {@link #scale} gives. */
    static float factor(int scale, int form) {
        float factor = 1f;
        if (ProductForm.format(form) >= PackedLayout.Q8) {
            factor = PackedHalves.low(scale);
        }
        return factor;
    }

    /** The second number of what {@link #scale} gives. */
    static float minimum(int scale, int form) {
        float minimum = 0f;
        if (ProductForm.format(form) == PackedLayout.Q4) {
            minimum = PackedHalves.high(scale);
        }
        return minimum;
    }

    /** Sign and exponent of number {@code k} of two of fp16, 0 to 63. */
    static int exponent(int packed, int k) {
        return (packed >> (10 + (k << 4))) & 63;
    }

    /**
     * Value {@code k} of what stands at an index of a row.
     *
     * @param number what {@link #number} gives
     * @param packed what {@link #packed} gives
     */
    static float value(float number, int packed, float factor, float minimum, int k, int form) {
        int format = ProductForm.format(form);
        float value = number;
        if (format == PackedLayout.F16) {
            value = PackedHalves.number((packed >> (k << 4)) & 0xffff);
        }
        if (format == PackedLayout.Q8) {
            value = (float) (byte) (packed >>> (k << 3)) * factor;
        }
        if (format == PackedLayout.Q4) {
            value = (float) ((packed >> (k << 2)) & 15) * factor + minimum;
        }
        return value;
    }

    /** The same, where factor and minimum of F16 are those of the number's {@link #exponent}. */
    static float tabledValue(float number, int packed, float factor, float minimum, int k, int form) {
        float value = 0f;
        if (ProductForm.format(form) == PackedLayout.F16) {
            value = (float) ((packed >> (k << 4)) & 1023) * factor + minimum;
        } else {
            value = value(number, packed, factor, minimum, k, form);
        }
        return value;
    }

    /** A column that exists, for one that may be behind the last, where weights are 0. */
    static int clamp(int column, int columns, int form) {
        int unit = PackedLayout.UNIT_INTS << ProductForm.format(form);
        int clamped = column;
        if ((columns & (unit - 1)) != 0) {
            clamped = TornadoMath.min(column, columns - 1);
        }
        return clamped;
    }

    /** The row of weights that stands in a tile: of a gated product half of them are gates, the others follow. */
    static int tileRow(int output, int index, int outputs, int tileOutputs, int gated) {
        int row = TornadoMath.min(output + index, outputs - 1);
        if (gated == 1) {
            row = TornadoMath.min(output + (index & (tileOutputs - 1)), outputs - 1) + (index / tileOutputs) * outputs;
        }
        return row;
    }

    /**
     * What the end of a product makes of a sum that is to be in {@code y} at {@code at}.
     *
     * @param other of a gated product the second sum, of which the first is the gate
     */
    static float end(float sum, float other, FloatArray bias, int biasAt, FloatArray y, int at, int form) {
        float value = sum;
        if (ProductForm.bias(form) == 1) {
            value += bias.get(biasAt);
        }
        if (ProductForm.epilogue(form) == ProductForm.ADD) {
            value += y.get(at);
        }
        if (ProductForm.epilogue(form) == ProductForm.RELU) {
            value = TornadoMath.max(0f, value);
        }
        if (ProductForm.epilogue(form) == ProductForm.GATED) {
            value = value / (1f + TornadoMath.exp(-value)) * other;
        }
        return value;
    }
}
