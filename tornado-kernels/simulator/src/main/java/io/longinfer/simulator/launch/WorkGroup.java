package io.longinfer.simulator.launch;

import io.longinfer.simulator.Finding;
import io.longinfer.simulator.FindingKind;
import io.longinfer.simulator.launch.WorkItem.State;

/** The work-items of a group, which take turns from barrier to barrier; serves one group after the other. */
final class WorkGroup {
    private final Launch launch;
    private final WorkItem[] items;
    private final Order order;
    private final Integer[] ids = new Integer[3];
    private final boolean waits;

    WorkGroup(Launch launch, KernelBody body, Object[] arguments, boolean waits) {
        this.waits = waits;
        this.launch = launch;
        items = new WorkItem[launch.grid().groupItems()];
        for (int i = 0; i < items.length; i++) {
            items[i] = new WorkItem(launch, this, i, body, arguments, waits);
        }
        order = Order.of(items.length);
    }

    /** The number in a dimension of the group that runs. */
    Integer id(int dimension) {
        return ids[dimension];
    }

    void run(long group) {
        for (int d = 0; d < 3; d++) {
            ids[d] = launch.grid().group(group, d);
        }
        try {
            if (waits) {
                for (WorkItem item : items) {
                    item.begin();
                }
                runInTurns();
            } else {
                runOneByOne();
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(launch.task() + " threw", e);
        }
    }

    /** No group follows. */
    void end() {
        for (WorkItem item : items) {
            item.end();
        }
    }

    private void runOneByOne() throws Throwable {
        for (int turn = 0; turn < items.length; turn++) {
            WorkItem item = items[(int) order.at(turn)];
            item.begin();
            launch.turnOf(item.number());
            item.runOnce();
        }
    }

    private void runInTurns() throws Throwable {
        while (true) {
            boolean warpsMoved;
            do {
                for (int turn = 0; turn < items.length; turn++) {
                    WorkItem item = items[(int) order.at(turn)];
                    if (item.state() == State.READY) {
                        item.resume();
                    }
                }
                warpsMoved = Warps.exchange(launch, items);
            } while (warpsMoved);
            if (allEnded()) {
                return;
            }
            checkAllWaitAtOneBarrier();
            launch.phase().next();
            for (WorkItem item : items) {
                item.release();
            }
        }
    }

    private boolean allEnded() {
        for (WorkItem item : items) {
            if (item.state() != State.ENDED) {
                return false;
            }
        }
        return true;
    }

    private void checkAllWaitAtOneBarrier() {
        WorkItem first = items[0];
        for (WorkItem item : items) {
            if (item.state() != first.state()) {
                throw diverge(first, item);
            }
            if (!item.site().equals(first.site())) {
                throw diverge(first, item);
            }
        }
    }

    private Finding diverge(WorkItem one, WorkItem other) {
        launch.turnOf(other.number());
        return launch.finding(
                FindingKind.BARRIER_DIVERGENCE,
                "local work-item " + one.number() + " " + where(one) + ", local work-item " + other.number() + " "
                        + where(other) + "; seen");
    }

    private static String where(WorkItem item) {
        return item.state() == State.ENDED ? "has ended" : "waits at a barrier" + item.site();
    }
}
