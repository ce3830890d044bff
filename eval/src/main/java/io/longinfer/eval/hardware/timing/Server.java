package io.longinfer.eval.hardware.timing;

/** Something that does one thing after the other, first come first served: a disk, a link. Times in nanoseconds. Not thread-safe. */
final class Server {
    private double free;
    private double busy;

    /** When work that comes at {@code from} begins. */
    double begin(double from) {
        return Math.max(free, from);
    }

    /** Takes work that comes at {@code from}; returns when it is done. */
    double pass(double from, double work) {
        free = begin(from) + work;
        busy += work;
        return free;
    }

    /**
     * Takes work whose pieces come, one after the other, between {@code first} and {@code last}; returns when it is done: no
     * sooner than one piece after the last came.
     */
    double stream(double first, double last, double work, double pieces) {
        double done = Math.max(begin(first) + work, last + work / Math.max(1, pieces));
        free = done;
        busy += work;
        return done;
    }

    /** Takes back work that was the last to come and had not begun. */
    void drop(double work) {
        free -= work;
        busy -= work;
    }

    /** When everything is done. */
    double free() {
        return free;
    }

    /** Time it has worked. */
    double busy() {
        return busy;
    }
}
