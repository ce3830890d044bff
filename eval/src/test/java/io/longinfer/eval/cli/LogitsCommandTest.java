package io.longinfer.eval.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogitsCommandTest {
    private static final int VOCABULARY = 2048;
    private static final int[] IDS = new Random(3).ints(700, 0, VOCABULARY).toArray();

    @TempDir
    private Path folder;

    @Test
    void writesIdsLastLogitsAndLikelihoods() throws IOException {
        int[] ids = Arrays.copyOf(IDS, 40);
        Map<String, Object> result = logits(ids, "--all");
        assertEquals(Arrays.stream(ids).boxed().toList(), result.get("ids"));
        List<?> all = (List<?>) result.get("all_logits");
        assertEquals(40, all.size());
        assertEquals(VOCABULARY, numbers(result.get("logits")).length);
        assertEquals(all.getLast(), result.get("logits"));
        double[] nll = numbers(result.get("nll"));
        assertEquals(39, nll.length);
        for (int index = 0; index < nll.length; index++) {
            assertEquals(likelihood(numbers(all.get(index)), ids[index + 1]), nll[index], 1e-4);
        }
        assertFalse(logits(ids).containsKey("all_logits"));
    }

    @Test
    void attentionIsFullUnlessASelectionIsAskedFor() throws IOException {
        double[] full = numbers(logits(IDS).get("logits"));
        // Not exactly: interpreted and compiled vector sums may add in different orders.
        double[] again = numbers(logits(IDS, "--selector=full").get("logits"));
        assertTrue(distance(full, again) < 1e-3, "distance " + distance(full, again));
        double[] everything = numbers(logits(
                        IDS,
                        "--ratio=1",
                        "--decode=300",
                        "--device-budget=1MiB",
                        "--host-budget=1MiB",
                        "--disk-budget=64MiB",
                        "--disk-dir=" + folder)
                .get("logits"));
        assertTrue(distance(full, everything) < 1e-3, "distance " + distance(full, everything));
        double[] part = numbers(logits(IDS, "--ratio=0.1", "--first-layers=0").get("logits"));
        assertTrue(distance(full, part) > 1e-3, "selecting must show");
    }

    @Test
    void whatIsNoListOfIdsIsRefusedAndNothingWritten() throws IOException {
        for (String text : List.of("", "[", "[]", "{}", "[1, \"a\"]", "[1.5]", "[-1]", "[2048]", "[99999999999]")) {
            Path ids = Files.writeString(folder.resolve("bad.json"), text);
            Path out = folder.resolve("never.json");
            Session session = Session.of("logits", "needle", "--ids-file", ids.toString(), "--json", out.toString());
            assertEquals(1, session.code(), text + ": " + session.err());
            assertTrue(session.err().contains(ids.toString()), session.err());
            assertEquals(1, session.err().lines().count(), session.err());
            try (Stream<Path> files = Files.list(folder)) {
                assertFalse(files.anyMatch(file -> file.getFileName().toString().startsWith("never")), text);
            }
        }
    }

    private Map<String, Object> logits(int[] ids, String... options) throws IOException {
        Path file = Files.writeString(folder.resolve("ids.json"), Arrays.toString(ids));
        Path out = folder.resolve("logits.json");
        String[] line = Stream.concat(
                        Stream.of("logits", "needle", "--ids-file", file.toString(), "--json", out.toString()),
                        Arrays.stream(options))
                .toArray(String[]::new);
        Session.of(line).succeeded();
        return JSON.std.mapFrom(Files.readString(out));
    }

    private static double[] numbers(Object list) {
        return ((List<?>) list)
                .stream().mapToDouble(number -> ((Number) number).doubleValue()).toArray();
    }

    private static double likelihood(double[] logits, int token) {
        double sum = Arrays.stream(logits).map(Math::exp).sum();
        return Math.log(sum) - logits[token];
    }

    private static double distance(double[] left, double[] right) {
        double largest = 0;
        for (int index = 0; index < left.length; index++) {
            largest = Math.max(largest, Math.abs(left[index] - right[index]));
        }
        return largest;
    }
}
