package io.longinfer.kernels.device;

import java.util.Set;

/**
 * What a device is.
 *
 * @param name for people, such as {@code "cpu (Vector API, 256 bits, 2 threads)"}
 * @param backend {@code "cpu"}, {@code "ptx"}, {@code "opencl"}, or {@code "simulator"}
 * @param threads threads that compute on it, 0 where that has no meaning
 * @param vectorBits width of its vectors, 0 where that has no meaning
 * @param features what its kernels may use beyond plain OpenCL 1.2
 */
public record DeviceProfile(String name, String backend, int threads, int vectorBits, Set<Feature> features) {
    /** What only some devices have, and TornadoVM only some backends of them. */
    public enum Feature {
        /** Lanes of a warp of 32 exchange registers. */
        WARP_SHUFFLES,
        /** Warps multiply tiles of fp16 matrices. */
        MATRIX_UNITS
    }

    public DeviceProfile {
        features = Set.copyOf(features);
    }

    /** Whether it has a feature. */
    public boolean has(Feature feature) {
        return features.contains(feature);
    }
}
