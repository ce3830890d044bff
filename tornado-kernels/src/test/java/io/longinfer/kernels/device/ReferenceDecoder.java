package io.longinfer.kernels.device;

import io.longinfer.kernels.quantization.ScalarDequantizer;
import io.longinfer.kernels.quantization.WeightMatrix;
import java.util.ArrayList;
import java.util.List;

/** The decoder as the paper writes it: one token at a time, in double precision, keys and values rounded to fp16. */
final class ReferenceDecoder {
    private final DecoderWeights weights;
    private final DecoderShape shape;
    private final List<List<double[]>> keys = new ArrayList<>();
    private final List<List<double[]>> values = new ArrayList<>();

    ReferenceDecoder(DecoderWeights weights) {
        this.weights = weights;
        shape = weights.shape();
        for (int layer = 0; layer < shape.layers(); layer++) {
            keys.add(new ArrayList<>());
            values.add(new ArrayList<>());
        }
    }

    /** Logits after one more token. */
    double[] next(int token) {
        double[] x = row(weights.embedding(), token);
        for (int l = 0; l < shape.layers(); l++) {
            DecoderWeights.Layer w = weights.layers().get(l);
            int position = keys.get(l).size();
            double[] h = norm(x, w.attentionNorm());
            double[] q = rotate(times(w.query(), h), position);
            keys.get(l).add(fp16(rotate(times(w.key(), h), position)));
            values.get(l).add(fp16(times(w.value(), h)));
            add(x, times(w.attentionOutput(), attend(q, keys.get(l), values.get(l))));
            h = norm(x, w.feedForwardNorm());
            double[] gate = times(w.gate(), h);
            double[] up = times(w.up(), h);
            for (int i = 0; i < gate.length; i++) {
                gate[i] = gate[i] / (1 + Math.exp(-gate[i])) * up[i];
            }
            add(x, times(w.down(), gate));
        }
        return times(weights.output(), norm(x, weights.outputNorm()));
    }

    /** Queries of {@code layer}, not scaled, as if {@code token} went in there as it comes from the embedding. */
    double[] guessQueries(int token, int layer, int position) {
        DecoderWeights.Layer w = weights.layers().get(layer);
        return rotate(times(w.query(), norm(row(weights.embedding(), token), w.attentionNorm())), position);
    }

    private double[] attend(double[] q, List<double[]> keys, List<double[]> values) {
        int dim = shape.headDim();
        double[] out = new double[q.length];
        for (int head = 0; head < shape.heads(); head++) {
            int kv = head / shape.group() * dim;
            double[] weight = new double[keys.size()];
            double sum = 0;
            for (int t = 0; t < weight.length; t++) {
                double score = 0;
                for (int j = 0; j < dim; j++) {
                    score += q[head * dim + j] * keys.get(t)[kv + j];
                }
                weight[t] = Math.exp(score / Math.sqrt(dim));
                sum += weight[t];
            }
            for (int t = 0; t < weight.length; t++) {
                for (int j = 0; j < dim; j++) {
                    out[head * dim + j] += weight[t] / sum * values.get(t)[kv + j];
                }
            }
        }
        return out;
    }

    private double[] rotate(double[] x, int position) {
        DecoderShape.Rope rope = shape.rope();
        double[] out = x.clone();
        for (int head = 0; head < x.length; head += shape.headDim()) {
            for (int i = 0; i < rope.rotated() / 2; i++) {
                int a = head + (rope.interleaved() ? 2 * i : i);
                int b = head + (rope.interleaved() ? 2 * i + 1 : i + rope.rotated() / 2);
                double angle = position * rope.inverseFrequencies()[i];
                out[a] = (x[a] * Math.cos(angle) - x[b] * Math.sin(angle)) * rope.magnitude();
                out[b] = (x[a] * Math.sin(angle) + x[b] * Math.cos(angle)) * rope.magnitude();
            }
        }
        return out;
    }

    private double[] norm(double[] x, float[] weight) {
        double square = 0;
        for (double v : x) {
            square += v * v;
        }
        double scale = 1 / Math.sqrt(square / x.length + shape.normEpsilon());
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            y[i] = x[i] * scale * weight[i];
        }
        return y;
    }

    private static double[] times(WeightMatrix w, double[] x) {
        double[] y = new double[w.rows()];
        for (int r = 0; r < y.length; r++) {
            double[] row = row(w, r);
            for (int c = 0; c < x.length; c++) {
                y[r] += row[c] * x[c];
            }
        }
        return y;
    }

    private static double[] row(WeightMatrix w, int r) {
        float[] row = new float[w.columns()];
        ScalarDequantizer.row(w.type(), w.data(), r * w.rowBytes(), row, 0, row.length);
        double[] wide = new double[row.length];
        for (int i = 0; i < row.length; i++) {
            wide[i] = row[i];
        }
        return wide;
    }

    private static double[] fp16(double[] x) {
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            y[i] = Float.float16ToFloat(Float.floatToFloat16((float) x[i]));
        }
        return y;
    }

    private static void add(double[] x, double[] y) {
        for (int i = 0; i < x.length; i++) {
            x[i] += y[i];
        }
    }
}
