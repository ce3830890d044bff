package io.longinfer.simulator.device;

import java.util.Locale;
import uk.ac.manchester.tornado.api.TornadoTargetDevice;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** The simulated device: what it says of itself has the limits of a common GPU; immutable. */
public record SimulatedDevice() implements TornadoDevice, TornadoTargetDevice {
    /** Work-items of a group at most. */
    public static final int MAX_GROUP_ITEMS = 1024;

    /** Bytes of local memory of a group at most. */
    public static final int LOCAL_MEMORY_BYTES = 48 << 10;

    /** Lanes of a warp. */
    public static final int WARP_LANES = 32;

    private static final String NAME = "LongInfer simulator (no GPU: kernels run on the JVM)";

    @Override
    public String getDeviceName() {
        return NAME;
    }

    @Override
    public String getDescription() {
        return NAME;
    }

    @Override
    public String getPlatformName() {
        return "LongInfer simulator";
    }

    @Override
    public TornadoTargetDevice getPhysicalDevice() {
        return this;
    }

    @Override
    public TornadoDeviceType getDeviceType() {
        return TornadoDeviceType.CUSTOM;
    }

    @Override
    public long getMaxAllocMemory() {
        return Runtime.getRuntime().maxMemory();
    }

    @Override
    public long getMaxGlobalMemory() {
        return Runtime.getRuntime().maxMemory();
    }

    @Override
    public long getDeviceLocalMemorySize() {
        return LOCAL_MEMORY_BYTES;
    }

    @Override
    public long[] getDeviceMaxWorkgroupDimensions() {
        return new long[] {MAX_GROUP_ITEMS, MAX_GROUP_ITEMS, 64};
    }

    @Override
    public String getDeviceOpenCLCVersion() {
        return "";
    }

    @Override
    public int getBackendIndex() {
        return 0;
    }

    @Override
    public int getAvailableProcessors() {
        return 1;
    }

    @Override
    public TornadoVMBackendType getTornadoVMBackend() {
        return TornadoVMBackendType.JAVA;
    }

    @Override
    public boolean isSPIRVSupported() {
        return false;
    }

    @Override
    public long getDeviceGlobalMemorySize() {
        return getMaxGlobalMemory();
    }

    @Override
    public int getDeviceMaxComputeUnits() {
        return 1;
    }

    @Override
    public long[] getDeviceMaxWorkItemSizes() {
        return getDeviceMaxWorkgroupDimensions();
    }

    @Override
    public long[] getDeviceMaxWorkGroupSize() {
        return new long[] {MAX_GROUP_ITEMS};
    }

    @Override
    public int getMaxThreadsPerBlock() {
        return MAX_GROUP_ITEMS;
    }

    @Override
    public int getDeviceMaxClockFrequency() {
        return 0;
    }

    @Override
    public long getDeviceMaxConstantBufferSize() {
        return 64 << 10;
    }

    @Override
    public long getDeviceMaxAllocationSize() {
        return getMaxAllocMemory();
    }

    @Override
    public String getDeviceInfo() {
        return String.format(
                Locale.ROOT, "%s, groups of %d, local memory %d", NAME, MAX_GROUP_ITEMS, LOCAL_MEMORY_BYTES);
    }
}
