package io.longinfer.simulator.launch;

import java.io.Serial;
import uk.ac.manchester.tornado.api.KernelContext;

/**
 * A work-item: its numbers, and what a kernel can ask of its group.
 *
 * <p>Serves the same place of one group after the other. Used by the launch's thread of control only.
 */
public final class WorkItem {
    /** What a work-item waits for. */
    enum State {
        READY,
        AT_BARRIER,
        AT_WARP,
        ENDED
    }

    /** What the lanes of a warp do together. */
    enum WarpOperation {
        SHUFFLE_DOWN,
        SUM,
        BROADCAST_FIRST
    }

    /** Thrown into a kernel that waits when its launch has failed. */
    private static final class LaunchOver extends Error {
        @Serial
        private static final long serialVersionUID = 1L;

        LaunchOver() {
            super("the launch is over", null, false, false);
        }
    }

    private final Launch launch;
    private final int number;
    private final Object[] arguments;
    private final boolean[] contexts;
    private final Fiber fiber;
    private final KernelBody body;
    private State state = State.ENDED;
    private Throwable failure;
    private final WorkGroup group;
    private final Integer[] localIds = new Integer[3];
    private int allocations;
    private boolean over;
    private String site = "";
    private WarpOperation operation = WarpOperation.SUM;
    private float laneValue;
    private int laneDelta;

    WorkItem(Launch launch, WorkGroup group, int number, KernelBody body, Object[] parameters, boolean waits) {
        this.launch = launch;
        this.group = group;
        this.number = number;
        this.body = body;
        arguments = parameters.clone();
        contexts = new boolean[arguments.length];
        for (int i = 0; i < arguments.length; i++) {
            contexts[i] = arguments[i] instanceof KernelContext;
        }
        for (int d = 0; d < 3; d++) {
            localIds[d] = launch.grid().localId(number, d);
        }
        fiber = waits ? Fiber.of(this::serve) : Fiber.NONE;
    }

    private void serve() {
        while (!over) {
            try {
                runOnce();
            } catch (LaunchOver e) {
                return;
            } catch (Throwable e) {
                failure = e;
            }
            state = State.ENDED;
            fiber.suspend();
        }
    }

    /** Ends the fiber, wherever its kernel waits. */
    void end() {
        if (fiber.mustEnd()) {
            over = true;
            fiber.resume();
        }
    }

    private void suspend() {
        fiber.suspend();
        if (over) {
            throw new LaunchOver();
        }
    }

    /** Begins the next group. */
    void begin() {
        allocations = 0;
        state = State.READY;
        for (int i = 0; i < arguments.length; i++) {
            if (contexts[i]) {
                arguments[i] = new KernelContext(this);
            }
        }
    }

    /** Runs to the end, never waiting. */
    void runOnce() throws Throwable {
        body.run(arguments);
    }

    /** Runs until it ends or waits. */
    void resume() throws Throwable {
        launch.turnOf(number);
        fiber.resume();
        if (failure != null) {
            throw failure;
        }
    }

    void release() {
        state = State.READY;
    }

    State state() {
        return state;
    }

    int number() {
        return number;
    }

    String site() {
        return site;
    }

    WarpOperation operation() {
        return operation;
    }

    float laneValue() {
        return laneValue;
    }

    int laneDelta() {
        return laneDelta;
    }

    void laneResult(float value) {
        laneValue = value;
        state = State.READY;
    }

    /** The number in a dimension. */
    public Integer globalId(int dimension) {
        return groupId(dimension) * localSize(dimension) + localId(dimension);
    }

    /** The number in the group, in a dimension. */
    public Integer localId(int dimension) {
        return localIds[dimension];
    }

    /** The group's number in a dimension. */
    public Integer groupId(int dimension) {
        return group.id(dimension);
    }

    /** All work-items, in a dimension. */
    public Integer globalSize(int dimension) {
        return launch.grid().global(dimension);
    }

    /** The group's work-items, in a dimension. */
    public Integer localSize(int dimension) {
        return launch.grid().local(dimension);
    }

    /** Waits until all work-items of the group wait here. */
    public void barrier(String where) {
        site = where;
        state = State.AT_BARRIER;
        suspend();
    }

    private float exchange(WarpOperation what, float value, int delta) {
        operation = what;
        laneValue = value;
        laneDelta = delta;
        state = State.AT_WARP;
        suspend();
        return laneValue;
    }

    /** The value of the lane {@code delta} further, or the own one where there is none. */
    public float shuffleDown(float value, int delta) {
        return exchange(WarpOperation.SHUFFLE_DOWN, value, delta);
    }

    /** The sum over the warp, added as a tree of halves. */
    public float warpSum(float value) {
        return exchange(WarpOperation.SUM, value, 0);
    }

    /** The first lane's value. */
    public float broadcastFirst(float value) {
        return exchange(WarpOperation.BROADCAST_FIRST, value, 0);
    }

    /** The group's next local array. */
    public <T> T allocate(Class<T> type, int size, int elementBytes) {
        return launch.locals().allocate(type, allocations++, size, elementBytes);
    }

    /** Notes an atomic change of a local array's element. */
    public void atomicLocal(int[] array, int index) {
        launch.locals().write(array, index, true);
    }

    /** Notes that the item reads an element of a local array. */
    void readLocal(int[] array, int index) {
        launch.locals().read(array, index);
    }
}
