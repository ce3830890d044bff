package io.longinfer.kernels.device.tornado;

import io.longinfer.kernels.device.DecoderWeights;
import io.longinfer.kernels.device.Device;
import io.longinfer.kernels.device.DeviceProfile;
import io.longinfer.kernels.device.DeviceProfile.Feature;
import io.longinfer.kernels.device.DeviceSession;
import io.longinfer.kernels.device.WeightSource;
import java.util.Set;

/**
 * A device of TornadoVM: task graphs over PTX or OpenCL. Its memory is the device's own; weights are copied there when a session
 * begins, those that the device has no kernels for in fp16.
 */
public final class TornadoDevice implements Device {
    private final uk.ac.manchester.tornado.api.common.TornadoDevice device;
    private final DeviceProfile profile;

    private TornadoDevice(TornadoDevices.Indexed found) {
        device = found.device();
        String name = found.name() + " (TornadoVM, " + found.id() + ")";
        profile = new DeviceProfile(name, found.backend(), 0, 0, features(found.backend()));
    }

    /**
     * Opens a device.
     *
     * @param id such as {@code "ptx:0"} or {@code "opencl"}; empty for the first of PTX, or else of OpenCL
     * @throws TornadoUnavailableException if TornadoVM is not there, would run kernels on the processor unasked, or has no such
     *     device
     */
    public static TornadoDevice open(String id) {
        return new TornadoDevice(TornadoDevices.choose(id));
    }

    /**
     * Sets how much memory of its devices TornadoVM takes at most, for all sessions of this process together; without it, 4 GB.
     * Works before the first device is opened or listed.
     */
    public static void limitMemory(long bytes) {
        System.setProperty("tornado.device.memory", Math.max(1, bytes >>> 20) + "MB");
    }

    private static Set<Feature> features(String backend) {
        return switch (backend) {
            case "ptx" -> Set.of(Feature.WARP_SHUFFLES, Feature.MATRIX_UNITS);
            default -> Set.of();
        };
    }

    @Override
    public DeviceProfile profile() {
        return profile;
    }

    @Override
    public DeviceSession open(WeightSource weights, int maxBlockTokens, int sequences) {
        if (!(weights instanceof DecoderWeights whole)) {
            throw new IllegalArgumentException(
                    "weights lie on this device as a whole: they cannot be placed over tiers with TornadoVM");
        }
        return new TornadoSession(whole, maxBlockTokens, sequences, device, profile);
    }

    @Override
    public void close() {}
}
