package io.longinfer.eval.cli;

import io.longinfer.kernels.device.DeviceProfile.Feature;
import io.longinfer.kernels.device.tornado.TornadoDevice;
import io.longinfer.model.generation.Engine;
import java.util.Set;
import picocli.CommandLine.Option;

/** What computes, and in which pieces. */
final class DeviceOptions {
    /** What computes a model. */
    enum Backend {
        CPU,
        TORNADO
    }

    @Option(
            names = "--backend",
            paramLabel = "cpu|tornado",
            converter = Converters.DeviceBackend.class,
            defaultValue = "cpu",
            description = "The processor, or a device of TornadoVM (longinfer devices lists them)."
                    + " Default: ${DEFAULT-VALUE}.")
    Backend backend;

    @Option(
            names = "--device",
            paramLabel = "ID",
            defaultValue = "",
            description = "With --backend tornado, its device, such as ptx:0 or opencl. Default: the first of PTX, or"
                    + " else of OpenCL.")
    String device;

    @Option(
            names = "--device-memory",
            paramLabel = "SIZE",
            converter = Converters.Bytes.class,
            description = "With --backend tornado, most memory of the device that is taken, weights, KV and activations"
                    + " together. Default: 4GiB.")
    Long deviceMemory;

    @Option(
            names = "--matrix-units",
            description = "With --backend tornado on PTX, multiplies prompts by matrix instructions, in fp16.")
    boolean matrixUnits;

    @Option(
            names = {"-t", "--threads"},
            paramLabel = "N",
            converter = Converters.Positive.class,
            description = "Threads that compute. Default: one a processor.")
    Integer threads;

    @Option(
            names = "--prefill-block",
            paramLabel = "TOKENS",
            converter = Converters.Positive.class,
            defaultValue = "" + Engine.DEFAULT_BLOCK_TOKENS,
            description = "Tokens of the prompt that go through the layers together. Default: ${DEFAULT-VALUE}.")
    int prefillBlock;

    /** Threads to start. */
    private int threads() {
        return threads != null ? threads : Runtime.getRuntime().availableProcessors();
    }

    /**
     * Starts what computes.
     *
     * @throws io.longinfer.kernels.device.tornado.TornadoUnavailableException if TornadoVM is asked for and not there
     */
    Engine engine() {
        return switch (backend) {
            case CPU -> Engine.cpu(threads());
            case TORNADO -> Engine.of(tornado(), threads());
        };
    }

    private TornadoDevice tornado() {
        if (deviceMemory != null) {
            TornadoDevice.limitMemory(deviceMemory);
        }
        TornadoDevice opened = TornadoDevice.open(device);
        return matrixUnits ? opened.withFeatures(Set.of(Feature.WARP_SHUFFLES, Feature.MATRIX_UNITS)) : opened;
    }
}
