package io.longinfer.simulator.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Continuations and threads take turns alike. */
class FiberTest {
    /** A body that must know its own fiber to suspend. */
    private static final class Steps implements Runnable {
        private final StringBuilder log;
        private final Fiber fiber;

        Steps(StringBuilder log, Function<Runnable, Fiber> make) {
            this.log = log;
            fiber = make.apply(this);
        }

        @Override
        public void run() {
            log.append("b");
            fiber.suspend();
            log.append("d");
        }
    }

    private static void takesTurns(Function<Runnable, Fiber> make) {
        StringBuilder log = new StringBuilder("a");
        Fiber fiber = new Steps(log, make).fiber;
        fiber.resume();
        log.append("c");
        fiber.resume();
        log.append("e");
        assertEquals("abcde", log.toString());
    }

    @Test
    void threads() {
        takesTurns(ThreadFiber::new);
    }

    @Test
    void continuations() {
        assumeTrue(ContinuationFiber.available(), "the JVM does not export jdk.internal.vm");
        takesTurns(ContinuationFiber::new);
    }
}
