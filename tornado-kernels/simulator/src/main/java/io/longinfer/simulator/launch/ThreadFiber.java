package io.longinfer.simulator.launch;

import java.util.concurrent.Semaphore;

/** A fiber over a daemon thread that waits for its turn; a body that is never resumed again leaves its thread waiting. */
final class ThreadFiber extends Fiber {
    private final Semaphore turn = new Semaphore(0);
    private final Semaphore back = new Semaphore(0);
    private final Thread thread;

    ThreadFiber(Runnable body) {
        thread = Thread.ofVirtual().unstarted(() -> {
            turn.acquireUninterruptibly();
            body.run();
            back.release();
        });
        thread.start();
    }

    @Override
    void resume() {
        turn.release();
        back.acquireUninterruptibly();
    }

    @Override
    void suspend() {
        back.release();
        turn.acquireUninterruptibly();
    }
}
