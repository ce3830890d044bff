package io.longinfer.simulator.graph;

import io.longinfer.simulator.Finding;
import io.longinfer.simulator.FindingKind;
import io.longinfer.simulator.launch.Launch;
import io.longinfer.simulator.memory.DeviceCopy;
import io.longinfer.simulator.memory.ElementWatch;
import io.longinfer.simulator.memory.Phase;

/** Sees what the work-items of one launch do to one array parameter. */
final class LaunchWatch extends ElementWatch {
    private final Launch launch;
    private final TaskCall task;
    private final int parameter;
    private final DeviceCopy copy;
    private final TaskHistory history;
    private final Phase phase;
    private final long since;
    private boolean remembers;

    LaunchWatch(Launch launch, TaskCall task, int parameter, DeviceCopy copy, TaskHistory history) {
        this.launch = launch;
        this.task = task;
        this.parameter = parameter;
        this.copy = copy;
        this.history = history;
        phase = launch.phase();
        since = phase.launchStart();
        remembers = history.remembers(task.arguments(), parameter);
    }

    @Override
    public void read(int index, int size) {
        checkReadable(index, size);
        if (remembers) {
            check(copy.history().read(index, phase, since, launch.item()), index, "reads");
        }
    }

    @Override
    public void write(int index, int size) {
        checkBounds(index, size);
        change(index, false, "writes");
    }

    @Override
    public void atomic(int index, int size) {
        checkReadable(index, size);
        change(index, true, "atomically changes");
    }

    /** The launch has ended: what only readers did need not be kept. */
    void end() {
        if (remembers && !history.remembers(task.arguments(), parameter)) {
            copy.history().clear();
        }
    }

    private void change(int index, boolean atomic, String does) {
        if (!remembers || !history.writes(parameter)) {
            remembers = true;
            history.written(parameter);
        }
        copy.markWritten(index);
        check(copy.history().write(index, phase, since, launch.item(), atomic), index, does);
    }

    private void checkReadable(int index, int size) {
        checkBounds(index, size);
        if (!copy.written(index)) {
            throw finding(FindingKind.NEVER_WRITTEN, index, "is read and was never written on the device");
        }
    }

    private void checkBounds(int index, int size) {
        if (index < 0 || index >= size) {
            throw finding(FindingKind.OUT_OF_BOUNDS, index, "is outside");
        }
    }

    private void check(long conflict, int index, String does) {
        if (conflict != 0) {
            throw launch.race(conflict, "element " + index + " of " + task.parameter(parameter), does);
        }
    }

    private Finding finding(FindingKind kind, int index, String what) {
        return launch.finding(kind, "element " + index + " of " + task.parameter(parameter) + " " + what + ", touched");
    }
}
