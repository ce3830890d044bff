package io.longinfer.simulator.launch;

import java.util.concurrent.Semaphore;

/** A fiber over a thread that waits for its turn. */
final class ThreadFiber extends Fiber {
    private final Semaphore turn = new Semaphore(0);
    private final Semaphore back = new Semaphore(0);

    ThreadFiber(Runnable body) {
        Thread.ofVirtual().start(() -> {
            turn.acquireUninterruptibly();
            body.run();
            back.release();
        });
    }

    @Override
    void resume() {
        turn.release();
        back.acquireUninterruptibly();
    }

    @Override
    boolean mustEnd() {
        return true;
    }

    @Override
    void suspend() {
        back.release();
        turn.acquireUninterruptibly();
    }
}
