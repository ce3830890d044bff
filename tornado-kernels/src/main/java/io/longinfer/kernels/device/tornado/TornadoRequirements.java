package io.longinfer.kernels.device.tornado;

import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/** What must be true before TornadoVM is used. */
final class TornadoRequirements {
    /** Unless it is false, a kernel that does not compile runs in Java, one item after the other, and without a word. */
    private static final String BAILOUT = "tornado.recover.bailout";

    private TornadoRequirements() {}

    /**
     * Checks them.
     *
     * @throws TornadoUnavailableException if one does not hold
     */
    static void check() {
        try {
            Class.forName("uk.ac.manchester.tornado.api.TaskGraph", false, TornadoRequirements.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new TornadoUnavailableException(
                    "TornadoVM is not there: set TORNADOVM_HOME to the folder of its SDK, 5.2.0-jdk25", e);
        }
        if (Boolean.parseBoolean(System.getProperty(BAILOUT, "True"))) {
            throw new TornadoUnavailableException("start the JVM with -D" + BAILOUT
                    + "=False: otherwise TornadoVM runs kernels that do not compile in Java, with wrong results");
        }
        try {
            TornadoRuntimeProvider.getTornadoRuntime().getNumBackends();
        } catch (LinkageError e) {
            throw new TornadoUnavailableException("TornadoVM is not whole: " + e, e);
        } catch (RuntimeException e) {
            throw new TornadoUnavailableException("TornadoVM does not start: " + e.getMessage(), e);
        }
    }
}
