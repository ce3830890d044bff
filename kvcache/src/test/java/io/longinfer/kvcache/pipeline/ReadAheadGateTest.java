package io.longinfer.kvcache.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ReadAheadGateTest {
    private final ReadAheadGate gate = new ReadAheadGate(ReadAheadMode.MEASURED);
    private long now;

    /** Runs steps that take {@code openNanos} or {@code closedNanos}; returns how many of them read ahead. */
    private int run(int steps, int sequences, long openNanos, long closedNanos) {
        int opened = 0;
        for (int i = 0; i < steps; i++) {
            gate.begin(sequences, now);
            opened += gate.open() ? 1 : 0;
            now += gate.open() ? openNanos : closedNanos;
            gate.end(now);
        }
        return opened;
    }

    @Test
    void staysOpenWhereThatIsFasterButForTrials() {
        int periods = 32 + 64 + 128 + 256 + 255; // the next step begins a trial
        int steps = 8 + periods + 5 * 3;
        assertEquals(8 + periods, run(steps, 1, 100, 130));
        assertTrue(gate.open());
    }

    @Test
    void closesWhereThatIsFasterButForTrials() {
        assertEquals(8, run(8 + 3, 1, 130, 100));
        assertFalse(gate.open());
        assertEquals(3 + 3, run(16 + 3 + 32 + 3, 1, 130, 100));
        assertFalse(gate.open());
    }

    @Test
    void oneSlowStepDecidesNothing() {
        run(8 + 3, 1, 100, 130);
        run(10, 1, 100, 130);
        run(1, 1, 100_000, 130);
        run(32 - 11 + 3, 1, 100, 130);
        assertTrue(gate.open());
    }

    @Test
    void followsAChange() {
        run(8 + 3, 1, 100, 130);
        run(600, 1, 160, 130);
        assertFalse(gate.open());
    }

    @Test
    void otherSequencesAreMeasuredAnew() {
        run(8 + 3, 4, 130, 100);
        assertFalse(gate.open());
        assertEquals(8, run(8, 3, 130, 100));
    }

    @Test
    void measuresNothingWhenTold() {
        ReadAheadGate never = new ReadAheadGate(ReadAheadMode.NEVER);
        ReadAheadGate always = new ReadAheadGate(ReadAheadMode.ALWAYS);
        for (int i = 0; i < 100; i++) {
            never.begin(1, i);
            always.begin(1, i);
            assertFalse(never.open());
            assertTrue(always.open());
            never.end(i);
            always.end(i);
        }
    }

    @Test
    void isOpenForThoseWhoTellNothing() {
        assertTrue(gate.open());
    }
}
