package io.longinfer.kvcache.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ThrottleTest {
    @Test
    void transfersFollowEachOther() {
        Throttle throttle = Throttle.ofBytesPerSecond(1_000_000);
        long start = System.nanoTime();
        long first = throttle.reserve(1000);
        long second = throttle.reserve(500);
        long third = throttle.reserve(1);
        assertTrue(first - start >= 1_000_000);
        assertEquals(500_000, second - first);
        assertEquals(1000, third - second);
        throttle.await(second);
        assertTrue(System.nanoTime() - second >= 0);
    }

    @Test
    void aFreeLinkSavesNothingUp() {
        Throttle throttle = Throttle.ofBytesPerSecond(1_000_000_000);
        throttle.await(throttle.reserve(1000));
        long now = System.nanoTime();
        assertTrue(throttle.reserve(1000) - now >= 1000);
    }

    @Test
    void noLimitCostsNoTime() {
        Throttle throttle = Throttle.unlimited();
        assertFalse(throttle.limited());
        assertTrue(throttle.reserve(Long.MAX_VALUE) - System.nanoTime() <= 0);
        throttle.await(System.nanoTime() + Long.MAX_VALUE / 2);
    }

    @Test
    void anInterruptIsKeptAndShortensNothing() {
        Throttle throttle = Throttle.ofBytesPerSecond(1_000_000);
        long due = throttle.reserve(2000);
        Thread.currentThread().interrupt();
        throttle.await(due);
        assertTrue(Thread.interrupted());
        assertTrue(System.nanoTime() - due >= 0);
    }

    @Test
    void aLinkMovesSomething() {
        assertThrows(IllegalArgumentException.class, () -> Throttle.ofBytesPerSecond(0));
    }
}
