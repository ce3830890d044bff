package io.longinfer.eval.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.longinfer.eval.sweep.Pace.Part;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class PaceTest {
    @Test
    void partsGoOnAsTheyWent() {
        Pace pace = new Pace();
        pace.plan(Part.PROMPTS, 30);
        pace.plan(Part.RUNS, 8);
        assertEquals(OptionalLong.empty(), pace.nanosLeft());
        assertEquals("", pace.text());
        pace.done(Part.PROMPTS, 10, 5_000_000_000L);
        assertEquals(OptionalLong.empty(), pace.nanosLeft());
        pace.done(Part.RUNS, 2, 1_000_000_000L);
        assertEquals(OptionalLong.of(13_000_000_000L), pace.nanosLeft());
        assertEquals(", 13 s left", pace.text());
        pace.plan(Part.RUNS, 1000);
        assertEquals(", 9 min left", pace.text());
        pace.plan(Part.RUNS, 100_000);
        assertEquals(", 15 h left", pace.text());
    }

    @Test
    void nothingIsLeftAtTheEnd() {
        Pace pace = new Pace();
        pace.plan(Part.RUNS, 1);
        pace.done(Part.RUNS, 1, 5);
        assertEquals(OptionalLong.of(0), pace.nanosLeft());
    }
}
