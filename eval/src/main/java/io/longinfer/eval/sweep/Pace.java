package io.longinfer.eval.sweep;

import java.util.EnumMap;
import java.util.Map;
import java.util.OptionalLong;

/** Foretells how long the rest of a sweep takes, from how long its parts took so far. Not thread-safe. */
public final class Pace {
    /** What takes time. */
    public enum Part {
        /** Reading prompts that runs share. */
        PROMPTS,
        /** Runs. */
        RUNS
    }

    private final Map<Part, Double> left = new EnumMap<>(Part.class);
    private final Map<Part, Double> done = new EnumMap<>(Part.class);
    private final Map<Part, Long> nanos = new EnumMap<>(Part.class);

    /** Adds work to be done, in any unit that time is about proportional to. */
    public void plan(Part part, double work) {
        left.merge(part, work, Double::sum);
    }

    /** Notes that planned work is done. */
    public void done(Part part, double work, long tookNanos) {
        left.merge(part, -work, Double::sum);
        done.merge(part, work, Double::sum);
        nanos.merge(part, tookNanos, Long::sum);
    }

    /** How long the rest takes; empty as long as a part of it has not been seen. */
    public OptionalLong nanosLeft() {
        double sum = 0;
        for (Part part : Part.values()) {
            double rest = left.getOrDefault(part, 0.0);
            double seen = done.getOrDefault(part, 0.0);
            if (rest > 0 && seen == 0) {
                return OptionalLong.empty();
            }
            sum += rest > 0 ? rest * nanos.get(part) / seen : 0;
        }
        return OptionalLong.of((long) sum);
    }

    /** The same for people, such as {@code ", 12 min left"}; empty as long as it is not known. */
    public String text() {
        OptionalLong nanos = nanosLeft();
        if (nanos.isEmpty()) {
            return "";
        }
        long seconds = Math.ceilDiv(nanos.getAsLong(), 1_000_000_000L);
        long minutes = Math.ceilDiv(seconds, 60);
        String time =
                seconds < 100 ? seconds + " s" : minutes < 100 ? minutes + " min" : Math.ceilDiv(minutes, 60) + " h";
        return ", " + time + " left";
    }
}
