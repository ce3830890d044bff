package io.longinfer.kernels.device;

import io.longinfer.kernels.quantization.ScalarDequantizer;
import io.longinfer.kernels.quantization.WeightMatrix;
import java.util.ArrayList;
import java.util.Arrays;
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
        if (weights.positions().isPresent()) {
            add(
                    x,
                    row(
                            weights.positions().get(),
                            shape.traits().positionOffset() + keys.getFirst().size()));
        }
        for (int l = 0; l < shape.layers(); l++) {
            DecoderWeights.Layer w = weights.layers().get(l);
            int position = keys.get(l).size();
            DecoderWeights.Biases b = w.biases();
            double[] h = norm(x, w.attentionNorm(), b.attentionNorm());
            double[] q = turn(l, plus(times(w.query(), h), b.query()), w.queryNorm(), position);
            keys.get(l).add(fp16(turn(l, plus(times(w.key(), h), b.key()), w.keyNorm(), position)));
            values.get(l).add(fp16(plus(times(w.value(), h), b.value())));
            double[] attended = attend(q, keys.get(l), values.get(l), shape.window(l));
            add(x, plus(times(w.attentionOutput(), attended), b.attentionOutput()));
            h = norm(x, w.feedForwardNorm(), b.feedForwardNorm());
            double[] inner = plus(times(w.up(), h), b.up());
            double[] gate = w.gate().isPresent() ? times(w.gate().get(), h) : inner;
            for (int i = 0; i < inner.length; i++) {
                inner[i] = switch (shape.traits().feedForward()) {
                    case SILU_GATED -> gate[i] / (1 + Math.exp(-gate[i])) * inner[i];
                    case RELU -> Math.max(0, inner[i]);
                };
            }
            add(x, plus(times(w.down(), inner), b.down()));
        }
        return times(weights.output(), norm(x, weights.outputNorm(), weights.outputNormBias()));
    }

    /** Queries of {@code layer}, not scaled, as if {@code token} went in there as it comes from the embedding. */
    double[] guessQueries(int token, int layer, int position) {
        DecoderWeights.Layer w = weights.layers().get(layer);
        double[] h = norm(
                row(weights.embedding(), token), w.attentionNorm(), w.biases().attentionNorm());
        return turn(layer, plus(times(w.query(), h), w.biases().query()), w.queryNorm(), position);
    }

    private double[] attend(double[] q, List<double[]> keys, List<double[]> values, int window) {
        int dim = shape.headDim();
        double[] out = new double[q.length];
        for (int head = 0; head < shape.heads(); head++) {
            int kv = head / shape.group() * dim;
            double[] weight = new double[keys.size()];
            double sum = 0;
            int first = Math.max(0, weight.length - window);
            for (int t = first; t < weight.length; t++) {
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

    private double[] turn(int layer, double[] x, float[] headNorm, int position) {
        double[] y = x.clone();
        for (int head = 0; headNorm.length > 0 && head < x.length; head += headNorm.length) {
            double[] normed = rms(Arrays.copyOfRange(x, head, head + headNorm.length), headNorm);
            System.arraycopy(normed, 0, y, head, normed.length);
        }
        return shape.rotates(layer) ? rotate(y, position) : y;
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

    private double[] norm(double[] x, float[] weight, float[] bias) {
        return switch (shape.traits().norm()) {
            case RMS -> rms(x, weight);
            case LAYER -> {
                double mean = Arrays.stream(x).average().orElseThrow();
                double variance = Arrays.stream(x)
                        .map(v -> (v - mean) * (v - mean))
                        .average()
                        .orElseThrow();
                double[] y = new double[x.length];
                for (int i = 0; i < x.length; i++) {
                    y[i] = (x[i] - mean) / Math.sqrt(variance + shape.normEpsilon()) * weight[i] + bias[i];
                }
                yield y;
            }
        };
    }

    private double[] rms(double[] x, float[] weight) {
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

    private static double[] plus(double[] x, float[] bias) {
        for (int i = 0; i < bias.length; i++) {
            x[i] += bias[i];
        }
        return x;
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
