package io.longinfer.kernels.counts;

import io.longinfer.kernels.device.KernelRun;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** The table of counts, a row a kernel, which runs each kernel when its row comes. */
final class CountTable {
    private static final double ACCOUNTED = 1.02;

    private final EmulatorReport report;
    private final Pattern wanted;
    private final PrintStream out;

    /** @param wanted what a row's first two cells contain, put together with a space, of the rows that are made */
    CountTable(EmulatorReport report, Pattern wanted, PrintStream out) {
        this.report = report;
        this.wanted = wanted;
        this.out = out;
    }

    void head() {
        out.println(
                "| kernel | case | floor, KiB | moved / floor | sectors / request | ideal | / ideal | instructions / B |"
                        + " registers | spills, B | stack, B | bank passes |");
        out.println("|---|---|---|---|---|---|---|---|---|---|---|---|");
    }

    /** Whether a row is asked for; arrays need not be made otherwise. */
    boolean wants(String kernel, String shape) {
        return wanted.matcher(kernel + " " + shape).find();
    }

    /**
     * Runs a kernel once and prints its row.
     *
     * @param run with one task
     */
    void add(String kernel, String shape, Traffic traffic, KernelRun run) {
        if (!wants(kernel, shape)) {
            return;
        }
        run.run();
        Map<String, String> counts;
        try {
            counts = report.last();
        } catch (IOException failure) {
            throw new IllegalStateException("the emulator's report cannot be read", failure);
        }
        long requests = number(counts, "load_requests") + number(counts, "store_requests");
        long sectors = number(counts, "load_sectors") + number(counts, "store_sectors");
        if (traffic.requests() > ACCOUNTED * requests) {
            throw new IllegalStateException(kernel + ", " + shape + ": " + traffic.requests()
                    + " requests are accounted for, but there are " + requests);
        }
        double each = sectors / (double) requests;
        double ideal = traffic.idealSectors(requests);
        long shared = number(counts, "shared_requests");
        out.printf(
                Locale.ROOT,
                "| %s | %s | %.1f | %.2f | %.2f | %.2f | %.2f | %.1f | %s | %d | %s | %.2f |%n",
                kernel,
                shape,
                traffic.floorBytes() / 1024.0,
                32.0 * sectors / traffic.floorBytes(),
                each,
                ideal,
                each / ideal,
                number(counts, "thread_instructions") / (double) traffic.floorBytes(),
                counts.get("registers"),
                number(counts, "spill_stores") + number(counts, "spill_loads"),
                counts.get("stack"),
                shared == 0 ? 1 : number(counts, "shared_passes") / (double) shared);
    }

    private static long number(Map<String, String> counts, String name) {
        return Long.parseLong(counts.get(name));
    }
}
