package io.longinfer.kernels.elementwise;

import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The small operations at the sizes of SmolLM2-135M. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@State(Scope.Thread)
public class ElementwiseBenchmark {
    private final ElementwiseKernels kernels = new VectorElementwiseKernels();
    private final float[] x = new float[1536];
    private final float[] y = new float[1536];
    private final float[] weight = new float[1536];

    @Setup
    public void fill() {
        Random random = new Random(1);
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) random.nextGaussian();
        }
        Arrays.fill(weight, 1);
    }

    @Benchmark
    public float[] rmsNorm576() {
        kernels.rmsNorm(x, 0, weight, 1e-5f, y, 0, 576);
        return y;
    }

    @Benchmark
    public float[] siluMultiply1536() {
        System.arraycopy(x, 0, y, 0, 1536);
        kernels.siluMultiply(y, 0, x, 0, 1536);
        return y;
    }

    @Benchmark
    public float expAndSum512() {
        System.arraycopy(x, 0, y, 0, 512);
        return kernels.expAndSum(y, 0, 512);
    }

    @Benchmark
    public float[] rotate9Heads() {
        kernels.rotate(x, 0, 9, 64, weight, y, 0, 64, true);
        return x;
    }

    @Benchmark
    public float[] rotate9HeadsInHalves() {
        kernels.rotate(x, 0, 9, 64, weight, y, 0, 64, false);
        return x;
    }
}
