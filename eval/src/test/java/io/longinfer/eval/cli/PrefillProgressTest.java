package io.longinfer.eval.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class PrefillProgressTest {
    @Test
    void theBarShowsSpeedAndTimeLeft() {
        assertEquals(
                "reading [###############---------------] 4,000 of 8,000 tokens, 2000 tokens/s, 2 s left",
                PrefillProgress.line(4000, 8000, 2_000_000_000L));
        assertEquals(
                "reading [------------------------------] 0 of 8 tokens, 0 tokens/s", PrefillProgress.line(0, 8, 0));
    }

    @Test
    void theLineIsErasedAtTheEnd() {
        assertTrue(written(true).endsWith("\r\033[K"));
    }

    @Test
    void nothingIsDrawnWithoutATerminal() {
        assertEquals("", written(false));
    }

    private static String written(boolean terminal) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        PrefillProgress progress = new PrefillProgress(new PrintStream(err, true, StandardCharsets.UTF_8), terminal);
        progress.read(5, 10);
        progress.read(10, 10);
        return err.toString(StandardCharsets.UTF_8);
    }
}
