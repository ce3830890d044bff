package uk.ac.manchester.tornado.api.runtime;

import io.longinfer.simulator.device.SimulatedRuntime;
import uk.ac.manchester.tornado.api.TornadoRuntime;

/** Where a program finds the devices. */
public final class TornadoRuntimeProvider {
    private static final TornadoRuntime RUNTIME = new SimulatedRuntime();

    private TornadoRuntimeProvider() {}

    /** The runtime of this process. */
    public static TornadoRuntime getTornadoRuntime() {
        return RUNTIME;
    }

    /** False: the simulator measures nothing. */
    public static boolean isProfilerEnabled() {
        return false;
    }

    /** Sets an option of TornadoVM, as a system property. */
    public static void setProperty(String key, String value) {
        System.setProperty(key, value);
    }

    /** An option of TornadoVM, or the value given. */
    public static String getProperty(String key, String value) {
        return System.getProperty(key, value);
    }

    /** An option of TornadoVM; null when it is not set, as in TornadoVM. */
    public static String getProperty(String key) {
        return System.getProperty(key);
    }
}
