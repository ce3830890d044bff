package io.longinfer.simulator.launch;

import io.longinfer.simulator.FindingKind;
import io.longinfer.simulator.device.SimulatedDevice;
import io.longinfer.simulator.launch.WorkItem.State;
import io.longinfer.simulator.launch.WorkItem.WarpOperation;

/** What the lanes of a warp exchange, once all of them have come to it. */
final class Warps {
    private static final int LANES = SimulatedDevice.WARP_LANES;

    private Warps() {}

    /** Serves every warp that waits for an exchange; false when there is none. */
    static boolean exchange(Launch launch, WorkItem[] items) {
        boolean moved = false;
        for (int first = 0; first < items.length; first += LANES) {
            if (anyAtWarp(items, first)) {
                checkAllAtWarp(launch, items, first);
                serve(items, first);
                moved = true;
            }
        }
        return moved;
    }

    private static boolean anyAtWarp(WorkItem[] items, int first) {
        for (int i = first; i < Math.min(first + LANES, items.length); i++) {
            if (items[i].state() == State.AT_WARP) {
                return true;
            }
        }
        return false;
    }

    private static void checkAllAtWarp(Launch launch, WorkItem[] items, int first) {
        WarpOperation operation = items[first].operation();
        for (int i = first; i < first + LANES; i++) {
            boolean here = i < items.length && items[i].state() == State.AT_WARP && items[i].operation() == operation;
            if (!here) {
                launch.turnOf(Math.min(i, items.length - 1));
                throw launch.finding(
                        FindingKind.WARP_DIVERGENCE,
                        "a warp operation needs all " + LANES + " lanes from local work-item " + first + " on; lane "
                                + (i - first) + " is not there: missed");
            }
        }
    }

    private static void serve(WorkItem[] items, int first) {
        float[] values = new float[LANES];
        for (int lane = 0; lane < values.length; lane++) {
            values[lane] = items[first + lane].laneValue();
        }
        float sum = items[first].operation() == WarpOperation.SUM ? sum(values.clone()) : 0f;
        for (int lane = 0; lane < values.length; lane++) {
            WorkItem item = items[first + lane];
            switch (item.operation()) {
                case SHUFFLE_DOWN -> {
                    int from = lane + item.laneDelta();
                    item.laneResult(values[from < values.length ? from : lane]);
                }
                case SUM -> item.laneResult(sum);
                case BROADCAST_FIRST -> item.laneResult(values[0]);
            }
        }
    }

    private static float sum(float[] values) {
        for (int half = values.length / 2; half > 0; half /= 2) {
            for (int i = 0; i < half; i++) {
                values[i] += values[i + half];
            }
        }
        return values[0];
    }
}
