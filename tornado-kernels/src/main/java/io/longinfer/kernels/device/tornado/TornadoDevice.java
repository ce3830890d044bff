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

    private TornadoDevice(uk.ac.manchester.tornado.api.common.TornadoDevice device, DeviceProfile profile) {
        this.device = device;
        this.profile = profile;
    }

    /**
     * Opens a device.
     *
     * @param id such as {@code "ptx:0"} or {@code "opencl"}; empty for the first of PTX, or else of OpenCL
     * @throws TornadoUnavailableException if TornadoVM is not there, would run kernels on the processor unasked, or has no such
     *     device
     */
    public static TornadoDevice open(String id) {
        TornadoDevices.Indexed found = TornadoDevices.choose(id);
        String name = found.name() + " (TornadoVM, " + found.id() + ")";
        Set<Feature> features = found.backend().equals("ptx") ? Set.of(Feature.WARP_SHUFFLES) : Set.of();
        return new TornadoDevice(found.device(), new DeviceProfile(name, found.backend(), 0, 0, features));
    }

    /**
     * The same device with kernels that use these features and no others. With {@link Feature#MATRIX_UNITS}, products of a
     * prefill round activations and weights to fp16, which moves logits by about 1e-3.
     *
     * @throws IllegalArgumentException if its backend has not one of them
     */
    public TornadoDevice withFeatures(Set<Feature> features) {
        if (profile.backend().equals("opencl") && !features.isEmpty()) {
            throw new IllegalArgumentException("TornadoVM's OpenCL backend has none of " + features + ": of "
                    + profile.name() + " only PTX kernels could use them");
        }
        return new TornadoDevice(device, new DeviceProfile(profile.name(), profile.backend(), 0, 0, features));
    }

    /**
     * Sets how much memory of its devices TornadoVM takes at most, for all sessions of this process together; without it, 4 GB.
     * Works before the first device is opened or listed.
     */
    public static void limitMemory(long bytes) {
        System.setProperty("tornado.device.memory", Math.max(1, bytes >>> 20) + "MB");
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
