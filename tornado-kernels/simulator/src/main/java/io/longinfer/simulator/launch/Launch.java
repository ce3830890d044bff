package io.longinfer.simulator.launch;

import io.longinfer.simulator.Finding;
import io.longinfer.simulator.FindingKind;
import io.longinfer.simulator.memory.AccessHistory;
import io.longinfer.simulator.memory.Phase;
import java.util.Optional;

/**
 * One execution of a kernel over a grid, group after group.
 *
 * <p>Runs under the device's lock: there is one launch at a time in the process, so that the code of kernels finds it by
 * {@link #current()}.
 */
public final class Launch {
    private static Optional<Launch> current = Optional.empty();

    private final String task;
    private final Grid grid;
    private final Phase phase = new Phase();
    private final LocalMemory locals = new LocalMemory(this);
    private long group;
    private int item;

    /** A launch of a task, not begun. */
    public Launch(String task, Grid grid) {
        this.task = task;
        this.grid = grid;
    }

    /** The launch that is running. */
    static Launch current() {
        return current.orElseThrow(LocalMemory::outside);
    }

    /**
     * Runs every work-item.
     *
     * @param body the kernel
     * @param arguments its parameters; kernel contexts among them are replaced by those of the work-items
     * @param waits whether work-items of a group wait for each other
     */
    public void run(KernelBody body, Object[] arguments, boolean waits) {
        current = Optional.of(this);
        WorkGroup items = new WorkGroup(this, body, arguments, waits);
        try {
            Order order = Order.of(grid.groups());
            for (long turn = 0; turn < grid.groups(); turn++) {
                group = order.at(turn);
                phase.beginGroup(group);
                items.run(group);
            }
        } finally {
            items.end();
            current = Optional.empty();
        }
    }

    /** Where the launch stands. */
    public Phase phase() {
        return phase;
    }

    /** The number in its group of the work-item that runs. */
    public int item() {
        return item;
    }

    void turnOf(int number) {
        item = number;
    }

    Grid grid() {
        return grid;
    }

    LocalMemory locals() {
        return locals;
    }

    String task() {
        return task;
    }

    /** A finding of the work-item that runs. */
    public Finding finding(FindingKind kind, String what) {
        return new Finding(kind, task + ": " + what + " by " + grid.name(group, item));
    }

    /** A race of the work-item that runs with an earlier access. */
    public Finding race(long conflict, String element, String does) {
        long other = phase.groupAt(AccessHistory.phase(conflict));
        String others = AccessHistory.several(conflict)
                ? "several work-items of group " + other
                : grid.name(other, AccessHistory.item(conflict));
        FindingKind kind = other == group ? FindingKind.RACE_IN_GROUP : FindingKind.RACE_BETWEEN_GROUPS;
        String between = other == group ? " with no barrier between" : "";
        return new Finding(
                kind,
                task + ": " + grid.name(group, item) + " " + does + " " + element + ", touched by " + others + between);
    }
}
