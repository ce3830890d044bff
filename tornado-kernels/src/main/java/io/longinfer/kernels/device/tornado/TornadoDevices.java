package io.longinfer.kernels.device.tornado;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** The devices that TornadoVM finds. */
public final class TornadoDevices {
    private TornadoDevices() {}

    /**
     * A device.
     *
     * @param backend {@code "ptx"} or {@code "opencl"}, or another of TornadoVM's
     * @param index among those of its backend
     * @param name the driver's
     * @param platform the driver
     * @param type such as {@code "gpu"}
     * @param memoryBytes its memory
     * @param allocationBytes the largest single array
     */
    public record Found(
            String backend,
            int index,
            String name,
            String platform,
            String type,
            long memoryBytes,
            long allocationBytes) {
        /** How {@code --device} names it. */
        public String id() {
            return backend + ":" + index;
        }

        /** Whether our kernels are made for its backend. */
        public boolean supported() {
            return backend.equals("ptx") || backend.equals("opencl") || backend.equals("simulator");
        }
    }

    /**
     * All devices.
     *
     * @throws TornadoUnavailableException if TornadoVM is not there or does not start
     */
    public static List<Found> list() {
        List<Found> found = new ArrayList<>();
        for (Indexed indexed : all()) {
            TornadoDevice device = indexed.device();
            found.add(new Found(
                    indexed.backend(),
                    indexed.index(),
                    indexed.name(),
                    device.getPlatformName().strip(),
                    type(device),
                    device.getMaxGlobalMemory(),
                    device.getMaxAllocMemory()));
        }
        return found;
    }

    /**
     * The device of an id such as {@code "ptx:0"} or {@code "opencl"}, which means its first one, or with an empty id the first
     * PTX device, or else the first of OpenCL.
     */
    static Indexed choose(String id) {
        List<Indexed> all = all();
        String wanted = id.toLowerCase(Locale.ROOT);
        return all.stream()
                .filter(device -> wanted.isEmpty()
                        || device.id().equals(wanted)
                        || device.id().equals(wanted + ":0"))
                .min((a, b) -> Integer.compare(a.rank(), b.rank()))
                .orElseThrow(() -> new TornadoUnavailableException("TornadoVM has no device "
                        + (wanted.isEmpty() ? "at all" : "'" + id + "'") + "; it has "
                        + all.stream().map(Indexed::id).toList()));
    }

    /** A device and where it was found. */
    record Indexed(String backend, int index, TornadoDevice device) {
        String id() {
            return backend + ":" + index;
        }

        String name() {
            return device.getPhysicalDevice().getDeviceName().strip();
        }

        private int rank() {
            return switch (backend) {
                case "ptx" -> 0;
                case "opencl" -> 1;
                default -> 2;
            };
        }
    }

    private static List<Indexed> all() {
        TornadoRequirements.check();
        List<Indexed> all = new ArrayList<>();
        for (TornadoBackend backend : TornadoExecutionPlan.getTornadoDeviceMap().getAllBackends()) {
            List<TornadoDevice> devices = backend.getAllDevices();
            for (int i = 0; i < devices.size(); i++) {
                all.add(new Indexed(name(backend.getBackendType()), i, devices.get(i)));
            }
        }
        return all;
    }

    private static String name(TornadoVMBackendType type) {
        // Our simulator of TornadoVM runs kernels as the Java that they are.
        return type == TornadoVMBackendType.JAVA ? "simulator" : type.name().toLowerCase(Locale.ROOT);
    }

    private static String type(TornadoDevice device) {
        return device.getDeviceType().name().toLowerCase(Locale.ROOT).replace("cl_device_type_", "");
    }
}
