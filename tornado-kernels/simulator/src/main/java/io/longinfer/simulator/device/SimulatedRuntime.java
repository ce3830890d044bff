package io.longinfer.simulator.device;

import java.util.List;
import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.exceptions.TornadoBackendNotFound;
import uk.ac.manchester.tornado.api.exceptions.TornadoDeviceNotFound;

/** One backend with one device; immutable. */
public final class SimulatedRuntime implements TornadoRuntime, TornadoBackend {
    private static final TornadoDevice DEVICE = new SimulatedDevice();

    @Override
    public TornadoBackend getBackend(int index) {
        if (index != 0) {
            throw new TornadoBackendNotFound("backend " + index + " of 1");
        }
        return this;
    }

    @Override
    public void setDefaultBackend(int index) {
        getBackend(index);
    }

    @Override
    public TornadoVMBackendType getBackendType(int index) {
        return getBackend(index).getBackendType();
    }

    @Override
    public int getNumBackends() {
        return 1;
    }

    @Override
    public TornadoDevice getDefaultDevice() {
        return DEVICE;
    }

    @Override
    public void setDefaultDevice(int index) {
        getDevice(index);
    }

    @Override
    public int getNumDevices() {
        return 1;
    }

    @Override
    public TornadoDevice getDevice(int index) {
        if (index != 0) {
            throw new TornadoDeviceNotFound("device " + index + " of 1");
        }
        return DEVICE;
    }

    @Override
    public List<TornadoDevice> getAllDevices() {
        return List.of(DEVICE);
    }

    @Override
    public TornadoDeviceType getTypeDefaultDevice() {
        return DEVICE.getDeviceType();
    }

    @Override
    public String getName() {
        return DEVICE.getPlatformName();
    }

    @Override
    public int getNumPlatforms() {
        return 1;
    }

    @Override
    public TornadoVMBackendType getBackendType() {
        return DEVICE.getTornadoVMBackend();
    }
}
