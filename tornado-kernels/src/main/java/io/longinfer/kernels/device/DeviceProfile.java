package io.longinfer.kernels.device;

/**
 * What a device is.
 *
 * @param name for people, such as {@code "cpu (Vector API, 256 bits, 2 threads)"}
 * @param backend {@code "cpu"}, {@code "ptx"} or {@code "opencl"}
 * @param threads threads that compute on it, 0 where that has no meaning
 * @param vectorBits width of its vectors, 0 where that has no meaning
 */
public record DeviceProfile(String name, String backend, int threads, int vectorBits) {}
