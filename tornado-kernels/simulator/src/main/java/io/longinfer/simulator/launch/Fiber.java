package io.longinfer.simulator.launch;

/**
 * A work-item's flow of control, which can stop inside a kernel and go on later; one fiber runs at a time.
 *
 * <p>Made of the JDK's continuations where the JVM was started with {@code --add-exports java.base/jdk.internal.vm=ALL-UNNAMED},
 * of threads that hand over to each other otherwise, which takes tens of times as long.
 */
abstract class Fiber {
    /** The fiber of work-items that never wait. */
    static final Fiber NONE = new Fiber() {
        @Override
        void resume() {
            throw new IllegalStateException("a work-item that never waits is resumed");
        }

        @Override
        void suspend() {
            throw new IllegalStateException("a work-item waits in a kernel whose code shows no wait");
        }
    };

    /** A fiber that will run this body. */
    static Fiber of(Runnable body) {
        return ContinuationFiber.available() ? new ContinuationFiber(body) : new ThreadFiber(body);
    }

    /** Runs until the body suspends or ends. */
    abstract void resume();

    /** Whether a body that is not going to be resumed must be brought to its end, to free what it runs on. */
    boolean mustEnd() {
        return false;
    }

    /** Called inside the body: goes back to whoever resumed. */
    abstract void suspend();
}
