package io.longinfer.eval.hardware.trace;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.eval.hardware.trace.TraceEvent.Closed;
import io.longinfer.eval.hardware.trace.TraceEvent.Counters;
import io.longinfer.eval.hardware.trace.TraceEvent.Guessed;
import io.longinfer.eval.hardware.trace.TraceEvent.Search;
import io.longinfer.eval.hardware.trace.TraceEvent.Selected;
import io.longinfer.eval.hardware.trace.TraceEvent.StepEnd;
import io.longinfer.eval.hardware.trace.TraceEvent.Weighed;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.DecoderTraits;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TraceFileTest {
    @TempDir
    private Path folder;

    private static Trace trace() {
        DecoderShape shape =
                new DecoderShape(3, 64, 4, 2, 16, 128, 99, 1e-5f, DecoderShape.Rope.NONE, 512, DecoderTraits.OPT);
        TraceHeader header = new TraceHeader(
                "needle",
                shape,
                "ours",
                List.of("--ratio=0.2"),
                0.25,
                0.5,
                400,
                433,
                1,
                1,
                7,
                Map.of("command", "trace"));
        return new Trace(
                header,
                List.of(
                        new Closed(0, 27),
                        new Selected(0, false, 48, new int[][] {{0, 1, 2}, {}}),
                        new Weighed(0, new int[][] {{1000, 0, 17}, {}}),
                        new Guessed(1, new int[][] {{0, 3, 4, 5, 26}, {7}}),
                        new Selected(1, true, 31, new int[][] {{5}, {0, 2}}),
                        new Weighed(1, new int[][] {{3}, {999, 1}}),
                        new StepEnd(
                                1234567L,
                                List.of(new Search(4, 27, 2048, 512, 0.1), new Search(0, 0, 0, 0, 1)),
                                new Counters(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11))));
    }

    private Path written() throws IOException {
        Path file = folder.resolve("one.trace.gz");
        TraceFile.write(file, trace());
        return file;
    }

    @Test
    void whatIsWrittenIsRead() throws IOException {
        Trace read = TraceFile.read(written());
        assertEquals(trace().header(), read.header());
        assertEquals(trace().events().size(), read.events().size());
        Guessed guessed = (Guessed) read.events().get(3);
        assertArrayEquals(new int[] {0, 3, 4, 5, 26}, guessed.chunks()[0]);
        assertArrayEquals(new int[] {7}, guessed.chunks()[1]);
        Weighed weighed = (Weighed) read.events().get(2);
        assertArrayEquals(new int[] {1000, 0, 17}, weighed.permille()[0]);
        assertEquals(0, weighed.permille()[1].length);
        Selected selected = (Selected) read.events().get(4);
        assertTrue(selected.decoding());
        assertEquals(31, selected.tokens());
        assertEquals(trace().events().get(6), read.events().get(6));
    }

    @Test
    void aCutFileIsRefusedWhereverItIsCut() throws IOException {
        byte[] whole = Files.readAllBytes(written());
        Path cut = folder.resolve("cut.trace.gz");
        for (int length = 0; length < whole.length; length++) {
            Files.write(cut, Arrays.copyOf(whole, length));
            TraceException refused = assertThrows(TraceException.class, () -> TraceFile.read(cut), "length " + length);
            assertTrue(refused.getMessage().startsWith(cut.toString()), refused.getMessage());
        }
    }

    @Test
    void aFlippedBitIsFoundOrMeansNothing() throws IOException {
        byte[] whole = Files.readAllBytes(written());
        Path file = folder.resolve("flipped.trace.gz");
        int found = 0;
        for (int at = 0; at < whole.length; at++) {
            byte[] flipped = whole.clone();
            flipped[at] ^= 8;
            Files.write(file, flipped);
            try {
                // Some bits of gzip's header, and those that fill its last byte, mean nothing.
                assertEquals(trace().header(), TraceFile.read(file).header(), "byte " + at);
                assertEquals(
                        trace().events().get(6), TraceFile.read(file).events().get(6), "byte " + at);
            } catch (TraceException damaged) {
                found++;
            }
        }
        assertTrue(found > whole.length - 12, found + " of " + whole.length);
    }

    @Test
    void anotherMagicOrLineIsNamed() throws IOException {
        refused("longinfer-trace 9\n{}\n", "'longinfer-trace 9' found, 'longinfer-trace 1' expected");
        refused("hello\n", "'hello' found");
        refused("longinfer-trace 1\n{}\n", "line 2: no header");
        Path plain = Files.writeString(folder.resolve("plain.txt"), "longinfer-trace 1\n");
        assertTrue(assertThrows(TraceException.class, () -> TraceFile.read(plain))
                .getMessage()
                .contains("no whole gzip file"));
    }

    private void refused(String text, String expected) throws IOException {
        Path file = folder.resolve("wrong.trace.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
        TraceException found = assertThrows(TraceException.class, () -> TraceFile.read(file));
        assertTrue(found.getMessage().contains(expected), found.getMessage());
    }
}
