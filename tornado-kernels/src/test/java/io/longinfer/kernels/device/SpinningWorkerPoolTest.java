package io.longinfer.kernels.device;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class SpinningWorkerPoolTest {
    /** Plain fields on purpose: the pool itself must make writes of the pieces visible to the caller and the reverse. */
    private int[] seen = new int[0];

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7})
    void everyPieceRunsOnce(int threads) {
        try (SpinningWorkerPool pool = new SpinningWorkerPool("test", threads)) {
            assertEquals(threads, pool.threads());
            for (int tasks : new int[] {0, 1, 2, 3, 13, 1021}) {
                int[] runs = new int[tasks];
                pool.forEach(tasks, (index, worker) -> {
                    assertTrue(worker >= 0 && worker < threads);
                    runs[index]++;
                });
                for (int count : runs) {
                    assertEquals(1, count);
                }
            }
        }
    }

    @Test
    void manyJobsWithPausesOfAnyLengthLoseNothing() {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        try (SpinningWorkerPool pool = new SpinningWorkerPool("stress", 3)) {
            long[] perWorker = new long[3 * 16];
            long expected = 0;
            for (int job = 0; job < 20_000; job++) {
                int tasks = random.nextInt(9);
                int value = job;
                seen = new int[tasks];
                pool.forEach(tasks, (index, worker) -> {
                    seen[index] += value + index;
                    perWorker[worker * 16]++;
                });
                for (int index = 0; index < tasks; index++) {
                    assertEquals(job + index, seen[index]);
                }
                expected += tasks;
                if (random.nextInt(200) == 0) {
                    // About as long as the workers spin, so that jobs arrive while they fall asleep.
                    LockSupport.parkNanos(random.nextInt(150_000));
                }
            }
            assertEquals(expected, perWorker[0] + perWorker[16] + perWorker[32]);
        }
    }

    @Test
    void allThreadsTakePart() {
        int threads = 4;
        try (SpinningWorkerPool pool = new SpinningWorkerPool("part", threads)) {
            Set<String> names = ConcurrentHashMap.newKeySet();
            CountDownLatch all = new CountDownLatch(threads);
            pool.forEach(threads, (index, worker) -> {
                names.add(worker == 0 ? "caller" : Thread.currentThread().getName());
                assertTrue(worker == 0 || Thread.currentThread().isDaemon());
                all.countDown();
                assertDoesNotThrow(() -> all.await());
            });
            assertEquals(Set.of("caller", "part-1", "part-2", "part-3"), names);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void theFirstExceptionComesOutAndThePoolGoesOn(int threads) {
        try (SpinningWorkerPool pool = new SpinningWorkerPool("fail", threads)) {
            IllegalStateException expected = new IllegalStateException("piece 3");
            for (int round = 0; round < 100; round++) {
                AtomicInteger running = new AtomicInteger();
                Throwable thrown = assertThrows(
                        IllegalStateException.class,
                        () -> pool.forEach(8, (index, worker) -> {
                            running.incrementAndGet();
                            try {
                                if (index == 3) {
                                    throw expected;
                                }
                            } finally {
                                running.decrementAndGet();
                            }
                        }));
                assertSame(expected, thrown);
                assertEquals(0, running.get(), "all have stopped");
                AtomicInteger runs = new AtomicInteger();
                pool.forEach(8, (index, worker) -> runs.incrementAndGet());
                assertEquals(8, runs.get());
            }
        }
    }

    @Test
    void errorsComeOutAsTheyAre() {
        try (SpinningWorkerPool pool = new SpinningWorkerPool("error", 2)) {
            AssertionError expected = new AssertionError("broken");
            assertSame(
                    expected,
                    assertThrows(
                            AssertionError.class,
                            () -> pool.forEach(2, (index, worker) -> {
                                throw expected;
                            })));
        }
    }

    @Test
    void aJobInsideAJobIsRefused() {
        try (SpinningWorkerPool pool = new SpinningWorkerPool("nested", 2)) {
            assertThrows(
                    IllegalStateException.class,
                    () -> pool.forEach(2, (index, worker) -> pool.forEach(2, (inner, other) -> {})));
        }
    }

    @Test
    void closeStopsTheThreadsAndMayBeRepeated() {
        SpinningWorkerPool pool = new SpinningWorkerPool("closing", 3);
        pool.forEach(3, (index, worker) -> {});
        LockSupport.parkNanos(1_000_000);
        pool.close();
        pool.close();
        assertFalse(Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.getName().startsWith("closing-")));
        assertThrows(IllegalStateException.class, () -> pool.forEach(1, (index, worker) -> {}));
    }

    @Test
    void sizesThatMakeNoSenseAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new SpinningWorkerPool("none", 0));
        try (SpinningWorkerPool pool = new SpinningWorkerPool("negative", 2)) {
            assertThrows(IllegalArgumentException.class, () -> pool.forEach(-1, (index, worker) -> {}));
        }
    }
}
