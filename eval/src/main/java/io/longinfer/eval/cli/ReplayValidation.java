package io.longinfer.eval.cli;

import io.longinfer.eval.comparison.Variant;
import io.longinfer.eval.hardware.Replay;
import io.longinfer.eval.hardware.Replay.Target;
import io.longinfer.eval.hardware.ReplayTree;
import io.longinfer.eval.hardware.machine.Machine;
import io.longinfer.eval.hardware.trace.Trace;
import io.longinfer.eval.hardware.trace.TraceHeader;
import io.longinfer.eval.report.Rates;
import io.longinfer.eval.report.Table;
import io.longinfer.eval.report.results.Result;
import io.longinfer.eval.report.results.Results;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kvcache.KvConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Measured runs beside what is modelled of them. */
final class ReplayValidation {
    private static final String DISK = "configuration.emulatedDiskBytesPerSecond";
    private static final String LINK = "configuration.emulatedLinkBytesPerSecond";

    private ReplayValidation() {}

    /** What runs have in common that are repetitions of each other. */
    private record Setting(
            String model,
            String variant,
            int batch,
            double deviceShare,
            double hostShare,
            double disk,
            double link,
            int contextTokens) {
        static Setting of(Result run) {
            return new Setting(
                    run.required("model"),
                    run.variant(),
                    (int) run.batch(),
                    run.number("deviceShare"),
                    run.number("hostShare"),
                    run.number(DISK),
                    run.number(LINK),
                    (int) run.number("contextTokens"));
        }
    }

    /** The configuration of a trace's variant for one sequence of another shape and context. */
    static KvConfig configuration(Trace trace, DecoderShape shape, int context, double device, double host) {
        KvOptions options = KvOptions.parse(trace.header().kvOptions().toArray(String[]::new));
        KvConfig usual = KvShares.ofAll(device, host, shape.kvBytesPerToken() * context);
        return Variant.of(trace.header().variant()).configuration(options.config(usual, shape, context, 1));
    }

    /** The configuration of the run that was traced. */
    static KvConfig tracedConfiguration(Trace trace) {
        TraceHeader header = trace.header();
        return configuration(trace, header.shape(), header.contextTokens(), header.deviceShare(), header.hostShare());
    }

    /** A row for each setting that a trace belongs to; the last says how far the model is off at most. */
    static Table table(List<Trace> traces, Machine machine, double weightBytes, Results measured) {
        Table table = new Table()
                .row("variant", "batch", "disk", "link", "measured ms", "(least to most)", "modelled ms", "error");
        Map<Setting, double[]> settings = new LinkedHashMap<>();
        for (Result run : measured.all()) {
            if (run.kind().equals("latency")) {
                settings.merge(Setting.of(run), new double[] {run.number("medianMillis")}, ReplayValidation::both);
            }
        }
        double worst = 0;
        for (Map.Entry<Setting, double[]> entry : settings.entrySet()) {
            Setting setting = entry.getKey();
            for (Trace trace : traces) {
                if (setting.model().equals(trace.header().setting().get("model"))
                        && trace.header().variant().equals(setting.variant())
                        && trace.header().contextTokens() == setting.contextTokens()) {
                    double modelled = modelled(trace, machine, weightBytes, setting);
                    double median = Rates.median(entry.getValue());
                    double error = modelled / median - 1;
                    worst = Math.max(worst, Math.abs(error));
                    row(table, setting, entry.getValue(), modelled, error);
                }
            }
        }
        return table.row("largest error", "", "", "", "", "", "", String.format(Locale.ROOT, "%.1f %%", 100 * worst));
    }

    private static double[] both(double[] some, double[] others) {
        double[] both = java.util.Arrays.copyOf(some, some.length + others.length);
        System.arraycopy(others, 0, both, some.length, others.length);
        return both;
    }

    private static double modelled(Trace trace, Machine machine, double weightBytes, Setting setting) {
        Machine slower = machine;
        if (setting.disk() > 0) {
            slower = slower.withDisk(setting.disk());
        }
        if (setting.link() > 0) {
            slower = slower.withLink(setting.link());
        }
        DecoderShape shape = trace.header().shape();
        KvConfig configuration =
                configuration(trace, shape, setting.contextTokens(), setting.deviceShare(), setting.hostShare());
        Target target = new Target(
                shape,
                weightBytes,
                setting.contextTokens(),
                setting.batch(),
                configuration,
                tracedConfiguration(trace));
        return Rates.median(ReplayTree.millis(Replay.of(trace, slower, target)));
    }

    private static void row(Table table, Setting setting, double[] measured, double modelled, double error) {
        table.row(
                setting.variant(),
                setting.batch(),
                rate(setting.disk()),
                rate(setting.link()),
                millis(Rates.median(measured)),
                "(" + millis(Rates.least(measured)) + "-" + millis(Rates.most(measured)) + ")",
                millis(modelled),
                String.format(Locale.ROOT, "%+.1f %%", 100 * error));
    }

    private static String rate(double bytesPerSecond) {
        return bytesPerSecond == 0 ? "as it is" : String.format(Locale.ROOT, "%.0f MB/s", bytesPerSecond / 1e6);
    }

    private static String millis(double millis) {
        return String.format(Locale.ROOT, "%.1f", millis);
    }
}
