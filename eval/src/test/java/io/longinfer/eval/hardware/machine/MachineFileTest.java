package io.longinfer.eval.hardware.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MachineFileTest {
    private static final String LEAST = """
            device: {bandwidth: 2GB/s, flops: 3G}
            host: {bandwidth: 1GB/s}
            disk: {bandwidth: 500MB/s}
            """;

    @TempDir
    private Path folder;

    private Machine read(String yaml) throws IOException {
        return MachineFile.read(
                Files.writeString(folder.resolve("machine.yaml"), yaml).toString());
    }

    @Test
    void whatIsBuiltInIsWhatItsNameSays() throws IOException {
        Machine desktop = MachineFile.read("rtx4090");
        assertEquals(24e9, desktop.device().memoryBytes());
        assertEquals(7e9, desktop.disk().bandwidth());
        assertEquals(80_000, desktop.disk().latencyNanos());
        assertEquals(512, desktop.disk().blockBytes());
        assertEquals(25e9, desktop.link().bandwidth());
        assertFalse(desktop.device().isHost());
        assertEquals(8e9, MachineFile.read("laptop8gb").device().memoryBytes());
    }

    @Test
    void whatIsLeftOutHasADefault() throws IOException {
        Machine machine = read(LEAST);
        assertEquals(2e9, machine.device().attentionBandwidth());
        assertEquals(3e9, machine.device().flops());
        assertFalse(machine.hasLink());
        assertEquals(Double.POSITIVE_INFINITY, machine.device().memoryBytes());
        assertEquals(1e9, machine.host().scoringBandwidth("quest"));
        assertEquals(64, machine.disk().depth());
        assertEquals(0, machine.disk().blockBytes());
    }

    @Test
    void calibratedFiguresAreReadAsTheyWere() throws IOException {
        Machine machine = new Machine(
                "this one",
                new Machine.Device(Double.POSITIVE_INFINITY, 5e9, 1e15, 3e9, 3e9, 2e9, 0, 0, true),
                new Machine.Link(Double.POSITIVE_INFINITY, 0),
                new Machine.Host(Double.POSITIVE_INFINITY, 7e9, Map.of("quest", 1e9, "ours", 5e8)),
                new Machine.Disk(4e8, 4e8, 12_345, 64, 0));
        Machine found = read(Calibration.yaml(machine));
        assertEquals(machine.host(), found.host());
        assertEquals(machine.disk(), found.disk());
        assertEquals(5e9, found.device().bandwidth());
        assertTrue(found.device().isHost());
    }

    @Test
    void throttlesOnlySlowDown() throws IOException {
        Machine machine = read(LEAST);
        assertEquals(1e8, machine.withDisk(1e8).disk().bandwidth());
        assertEquals(5e8, machine.withDisk(1e9).disk().bandwidth());
        assertEquals(1e9, machine.withLink(1e9).link().bandwidth());
        assertTrue(machine.withLink(1e9).hasLink());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "cpu: 1                                | key 'cpu' found",
                "device: fast                          | 'device' is 'fast', a mapping of",
                "device: {speed: 1}                    | 'device' is 'speed', one of attention, bandwidth",
                "device: {bandwidth: 2GB}              | 'device.bandwidth' is '2GB', a rate such as 7GB/s",
                "{device: {bandwidth: 2GB/s, flops: -1}, host: {bandwidth: 1GB/s}, disk: {bandwidth: 1GB/s}} | 'device.flops' is '-1', a number of at least 0",
                "device: {bandwidth: 2GB/s}            | 'host.bandwidth' is missing",
                "[]                                    | a mapping of name, device, link, host and disk expected",
                "device: {                             | no YAML",
            })
    void whatIsWrongIsNamed(String yaml, String expected) {
        MachineException refused = assertThrows(MachineException.class, () -> read(yaml));
        assertTrue(refused.getMessage().contains(expected), refused.getMessage());
        assertTrue(refused.getMessage().contains("machine.yaml"), refused.getMessage());
    }

    @Test
    void anUnknownNameSaysWhichThereAre() {
        MachineException refused = assertThrows(MachineException.class, () -> MachineFile.read("rtx9999"));
        assertEquals(
                "rtx9999: no such machine: one of rtx4090, laptop8gb or a YAML file expected", refused.getMessage());
    }
}
