package io.longinfer.model.weights;

import io.longinfer.kvcache.ByteSize;
import io.longinfer.kvcache.disk.DirectIo;
import java.nio.file.Path;

/**
 * Where weights may lie. Immutable.
 *
 * @param limits how much of each tier
 * @param directory where the file of weights is put that lie on disk
 * @param directIo whether it is read around the page cache
 * @param emulatedDiskBytesPerSecond a slower disk to stand for; 0 for the disk as it is
 * @param emulatedLinkBytesPerSecond a slower link from host to device to stand for; 0 for the link as it is
 */
public record WeightConfig(
        Limits limits,
        Path directory,
        DirectIo directIo,
        long emulatedDiskBytesPerSecond,
        long emulatedLinkBytesPerSecond) {
    /** How much of each tier weights may take. */
    public sealed interface Limits permits Budgets, Percent {}

    /**
     * Bytes; what fits neither device nor host lies on disk.
     *
     * @param deviceBytes staging buffers, norms and biases included; {@link ByteSize#UNLIMITED} for no limit
     * @param hostBytes 0 disables the tier
     */
    public record Budgets(long deviceBytes, long hostBytes) implements Limits {
        public Budgets {
            if (deviceBytes < 0 || hostBytes < 0) {
                throw new IllegalArgumentException(
                        "a budget of weights is not negative: device " + deviceBytes + ", host " + hostBytes);
            }
        }
    }

    /** FlexGen's percentages, which sum to 100; the device needs room for two layers on top. */
    public record Percent(int device, int host, int disk) implements Limits {
        public Percent {
            if (device < 0 || host < 0 || disk < 0 || device + host + disk != 100) {
                throw new IllegalArgumentException("percentages of weights on device, host and disk sum to 100, not "
                        + device + " + " + host + " + " + disk);
            }
        }
    }

    /** Limits in {@link io.longinfer.kvcache.disk.DirectIo#AUTO} mode, without emulation. */
    public static WeightConfig of(Limits limits, Path directory) {
        return new WeightConfig(limits, directory, DirectIo.AUTO, 0, 0);
    }
}
