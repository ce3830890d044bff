package io.longinfer.kvcache.pipeline;

import java.util.Arrays;

/**
 * Decides before each decoding step whether it reads ahead. A guess costs a product and a search a layer, and its reads are more
 * and smaller than those of what is known to be wanted: where processors are few and the disk is fast it costs more than the
 * waiting it saves. Nothing tells that but the clock, so steps are timed both ways, and the way whose median is shorter is kept
 * until the next trial; trials become rare as long as they change nothing.
 *
 * <p>One for all sequences that decode together. Used by one thread.
 */
public final class ReadAheadGate {
    /** Steps that are remembered of each way. */
    private static final int SAMPLES = 5;

    /** Steps before the first decision: the first ones compile code. */
    private static final int FIRST_STEPS = 8;

    private static final int TRIAL_STEPS = 3;
    private static final int SHORTEST_PERIOD = 16;
    private static final int LONGEST_PERIOD = 256;

    private final ReadAheadMode mode;

    /** {@code [closed, open][SAMPLES]}: nanoseconds of the last steps. */
    private final long[][] nanos = new long[2][SAMPLES];

    private final int[] counts = new int[2];
    private boolean open;
    private boolean preferred;
    private boolean trial;
    private int left;
    private int period;
    private int sequences;
    private long begun;

    /** A gate that has measured nothing yet, and is open unless it is never. */
    public ReadAheadGate(ReadAheadMode mode) {
        this.mode = mode;
        restart();
    }

    private void restart() {
        open = mode != ReadAheadMode.NEVER;
        preferred = open;
        trial = false;
        left = FIRST_STEPS;
        period = SHORTEST_PERIOD;
        Arrays.fill(counts, 0);
    }

    /** Whether the step at hand reads ahead. */
    public boolean open() {
        return open;
    }

    /**
     * A decoding step begins.
     *
     * @param decoding sequences that take part: of other steps nothing can be learned
     * @param now {@link System#nanoTime}
     */
    public void begin(int decoding, long now) {
        if (decoding != sequences) {
            sequences = decoding;
            restart();
        }
        begun = now;
    }

    /** The step has ended. */
    public void end(long now) {
        if (mode != ReadAheadMode.MEASURED) {
            return;
        }
        int way = open ? 1 : 0;
        nanos[way][counts[way]++ % SAMPLES] = now - begun;
        if (--left == 0) {
            turn();
        }
    }

    private void turn() {
        if (!trial) {
            trial = true;
            open = !preferred;
            left = TRIAL_STEPS;
            return;
        }
        trial = false;
        boolean better = median(1) < median(0);
        period = better == preferred ? Math.min(2 * period, LONGEST_PERIOD) : SHORTEST_PERIOD;
        preferred = better;
        open = better;
        left = period;
    }

    private long median(int way) {
        int count = Math.min(counts[way], SAMPLES);
        long[] sorted = Arrays.copyOf(nanos[way], count);
        Arrays.sort(sorted);
        return sorted[count / 2];
    }
}
