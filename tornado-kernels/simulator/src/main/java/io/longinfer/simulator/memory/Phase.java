package io.longinfer.simulator.memory;

import java.util.Arrays;

/**
 * Where a launch stands: the phase that runs now, and the first ones of the group and of the launch.
 *
 * <p>Phases are counted over the life of the process, so that histories need not be cleared between launches. Used under the
 * device's lock only.
 */
public final class Phase {
    private static long last;

    private final long launchStart = last + 1;
    private long[] groupStarts = new long[16];
    private long[] groups = new long[16];
    private int groupCount;
    private long groupStart;

    /** A launch begins. */
    public Phase() {}

    /** A group begins. */
    public void beginGroup(long group) {
        if (groupCount == groups.length) {
            groups = Arrays.copyOf(groups, 2 * groupCount);
            groupStarts = Arrays.copyOf(groupStarts, 2 * groupCount);
        }
        groupStart = ++last;
        groups[groupCount] = group;
        groupStarts[groupCount++] = groupStart;
    }

    /** All work-items of the group have met at a barrier. */
    public void next() {
        last++;
    }

    /** The phase that runs. */
    public long now() {
        return last;
    }

    /** The first phase of the group that runs. */
    public long groupStart() {
        return groupStart;
    }

    /** The first phase of the launch. */
    public long launchStart() {
        return launchStart;
    }

    /** The number of the group that was running in a phase of this launch. */
    public long groupAt(long phase) {
        int at = Arrays.binarySearch(groupStarts, 0, groupCount, phase);
        return groups[at >= 0 ? at : -at - 2];
    }
}
