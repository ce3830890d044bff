package io.longinfer.eval.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {
    @TempDir
    private Path folder;

    @Test
    void quantilesAreThoseOfTheSortedLatenciesToThreeDigits() {
        LatencySummary summary = LatencySummary.of(
                LongStream.rangeClosed(1, 1000).map(value -> 1_000_000 * value).toArray());
        assertEquals(1000, summary.count());
        assertEquals(500e6, (double) summary.p50Nanos(), 500e3);
        assertEquals(900e6, (double) summary.p90Nanos(), 900e3);
        assertEquals(990e6, (double) summary.p99Nanos(), 990e3);
        assertEquals(1000e6, (double) summary.maxNanos(), 1000e3);
        assertEquals(new LatencySummary(0, 0, 0, 0, 0, 0), LatencySummary.of(new long[0]));
    }

    private enum Colour {
        GREEN
    }

    @SuppressWarnings("ArrayRecordComponent") // only read
    private record Leaf(int[] numbers, Optional<String> text, Colour colour, double infinite) {}

    private record Node(Leaf leaf, List<Leaf> none, Path path) {}

    @Test
    void recordsBecomeTrees() {
        Object tree = JsonTree.of(new Node(
                new Leaf(new int[] {1, 2}, Optional.of("x"), Colour.GREEN, Double.POSITIVE_INFINITY),
                List.of(),
                Path.of("a", "b")));
        Map<?, ?> leaf = (Map<?, ?>) ((Map<?, ?>) tree).get("leaf");
        assertEquals(List.of(1, 2), leaf.get("numbers"));
        assertEquals("x", leaf.get("text"));
        assertEquals("green", leaf.get("colour"));
        assertEquals(null, leaf.get("infinite"));
        assertEquals(List.of(), ((Map<?, ?>) tree).get("none"));
        assertEquals(Path.of("a", "b").toString(), ((Map<?, ?>) tree).get("path"));
        assertThrows(IllegalArgumentException.class, () -> JsonTree.of(new Object()));
    }

    @Test
    void theFirstColumnStandsLeftTheOthersRight() {
        assertEquals(
                "a       bb\nlonger   1\n",
                new Table().row("a", "bb").row("longer", 1).toString());
    }

    @Test
    void theMedianIsTheMiddle() {
        assertEquals(2, Rates.median(new double[] {3, 1, 2}));
        assertEquals(2.5, Rates.median(new double[] {4, 1, 2, 3}));
        Rates rates = new Rates(8, 10, 100);
        rates.add(1_000_000_000, 2_000_000_000);
        assertArrayEquals(new double[] {10}, rates.decode());
        assertArrayEquals(new double[] {50}, rates.prefill());
    }

    @Test
    void likelihoodsHoldForLargeLogitsToo() {
        assertEquals(Math.log(2), LogitsWriter.negativeLogLikelihood(new float[] {1000, 1000}, 1), 1e-12);
        assertEquals(
                Math.log(1 + Math.exp(-3) + Math.exp(-1)),
                LogitsWriter.negativeLogLikelihood(new float[] {2, -1, 1}, 0),
                1e-6);
    }

    @Test
    void unfinishedLogitsLeaveNoFile() throws IOException {
        Path file = folder.resolve("logits.json");
        try (LogitsWriter writer = new LogitsWriter(file, new int[] {1, 0}, true)) {
            writer.position(0, new float[] {1, 2});
            assertThrows(IOException.class, () -> writer.position(1, new float[] {Float.NaN, 2}));
        }
        assertFalse(Files.exists(file));
        assertEquals(
                0,
                folder.toFile().list().length,
                Arrays.toString(folder.toFile().list()));
    }

    @Test
    void theProcessorsNameIsReadOrUnknown() throws IOException {
        Path cpuinfo = Files.writeString(folder.resolve("cpuinfo"), "processor\t: 0\nmodel name\t: Some CPU\n");
        assertEquals("Some CPU", Environment.processor(cpuinfo));
        assertEquals("unknown", Environment.processor(folder.resolve("missing")));
        assertEquals("unknown", Environment.processor(Files.writeString(cpuinfo, "nothing\n")));
    }
}
