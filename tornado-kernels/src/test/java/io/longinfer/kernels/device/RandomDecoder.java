package io.longinfer.kernels.device;

import io.longinfer.kernels.quantization.TensorType;
import io.longinfer.kernels.quantization.WeightMatrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Small decoders of random weights in F32. */
public final class RandomDecoder {
    public static final int VOCABULARY = 70;

    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    private RandomDecoder() {}

    public static DecoderShape shape(int heads, int kvHeads, int headDim, boolean interleaved) {
        double[] frequencies = new double[headDim / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = Math.pow(10000, -2.0 * i / headDim);
        }
        DecoderShape.Rope rope = new DecoderShape.Rope(headDim, interleaved, frequencies, 1f);
        return new DecoderShape(2, 40, heads, kvHeads, headDim, 52, VOCABULARY, 1e-5f, rope, 512);
    }

    public static DecoderWeights weights(DecoderShape shape, SplittableRandom random) {
        List<DecoderWeights.Layer> layers = new ArrayList<>();
        for (int layer = 0; layer < shape.layers(); layer++) {
            layers.add(new DecoderWeights.Layer(
                    ones(shape.width()),
                    matrix(shape.queryWidth(), shape.width(), random),
                    matrix(shape.kvWidth(), shape.width(), random),
                    matrix(shape.kvWidth(), shape.width(), random),
                    matrix(shape.width(), shape.queryWidth(), random),
                    ones(shape.width()),
                    matrix(shape.feedForward(), shape.width(), random),
                    matrix(shape.feedForward(), shape.width(), random),
                    matrix(shape.width(), shape.feedForward(), random)));
        }
        WeightMatrix embedding = matrix(shape.vocabulary(), shape.width(), random);
        return new DecoderWeights(shape, embedding, layers, ones(shape.width()), embedding);
    }

    private static float[] ones(int n) {
        float[] ones = new float[n];
        Arrays.fill(ones, 1f);
        return ones;
    }

    static WeightMatrix matrix(int rows, int columns, SplittableRandom random) {
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() / Math.sqrt(columns));
        }
        MemorySegment data = MemorySegment.ofArray(new byte[values.length * Float.BYTES]);
        MemorySegment.copy(MemorySegment.ofArray(values), FLOAT, 0, data, FLOAT, 0, values.length);
        return new WeightMatrix("random", TensorType.F32, rows, columns, data);
    }
}
