package io.longinfer.eval.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import io.longinfer.eval.hardware.Replay;
import io.longinfer.eval.hardware.Replay.Result;
import io.longinfer.eval.hardware.Replay.Target;
import io.longinfer.eval.hardware.ReplayTree;
import io.longinfer.eval.hardware.machine.Machine;
import io.longinfer.eval.hardware.machine.MachineFile;
import io.longinfer.eval.hardware.timing.StepTime;
import io.longinfer.eval.hardware.trace.Trace;
import io.longinfer.eval.hardware.trace.TraceFile;
import io.longinfer.eval.report.Rates;
import io.longinfer.eval.report.Table;
import io.longinfer.eval.report.results.Results;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.KvPlanException;
import io.longinfer.model.dummy.PublishedShapes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code longinfer replay}: traces on machines that are described. */
@Command(
        name = "replay",
        description = {
            "Models decode latency: replays traces of longinfer trace on a machine that is described and need not be there, for the"
                    + " traced model or any published shape, context and batch. Everything it prints is modelled, not measured.",
            "Budgets are shares of the KV of all sequences, by default those of the trace. How it models, what it assumes and how far"
                    + " off it is: docs/modelled-hardware.md."
        })
final class ReplayCommand implements Callable<Integer> {
    /** Formats of weights, by bytes of a number. */
    enum WeightType {
        F16(2),
        Q8_0(34 / 32.0),
        Q4_0(18 / 32.0);

        private final double bytes;

        WeightType(double bytes) {
            this.bytes = bytes;
        }
    }

    @ParentCommand
    private LongInfer parent;

    @Parameters(paramLabel = "TRACE", arity = "1..*", description = "Traces; ratios are to the first.")
    private List<Path> traces;

    @Option(
            names = "--machine",
            paramLabel = "NAME|FILE",
            defaultValue = "rtx4090",
            description = "rtx4090, laptop8gb, or a YAML file such as these. Default: ${DEFAULT-VALUE}.")
    private String machine;

    @Option(
            names = "--shape",
            paramLabel = "NAME|FILE",
            description = "A published shape or a config.json. Default: that of the trace.")
    private String shape;

    @Option(
            names = "--weight-type",
            paramLabel = "TYPE",
            defaultValue = "F16",
            description = "Format of weights: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
    private WeightType weightType;

    @Option(
            names = "--tokens",
            paramLabel = "N,N,...",
            converter = Converters.Positives.class,
            description = "Lengths of the context. Default: that of the trace.")
    private List<Integer> tokens;

    @Option(
            names = "--batch",
            paramLabel = "N,N,...",
            converter = Converters.Positives.class,
            defaultValue = "1",
            description = "Sequences that decode together. Default: ${DEFAULT-VALUE}.")
    private List<Integer> batches;

    @Option(
            names = "--device-share",
            paramLabel = "X",
            converter = Converters.Ratio.class,
            description = "Device budget as a share of the KV. Default: that of the trace.")
    private Double deviceShare;

    @Option(
            names = "--host-share",
            paramLabel = "X",
            converter = Converters.Ratio.class,
            description = "Host budget as a share of the KV. Default: that of the trace.")
    private Double hostShare;

    @Option(
            names = "--fill-memory",
            description =
                    "Budgets are what the machine's memory leaves: the device's beside the weights less a tenth, four fifths of"
                            + " the host's.")
    private boolean fillMemory;

    @Option(
            names = "--emulate-disk",
            paramLabel = "RATE",
            converter = Converters.BytesPerSecond.class,
            description = "The machine's disk, slowed down to a rate such as 1GB/s.")
    private Long emulatedDisk;

    @Option(
            names = "--emulate-link",
            paramLabel = "RATE",
            converter = Converters.BytesPerSecond.class,
            description = "The machine's link from host to device, slowed down to a rate such as 12GB/s.")
    private Long emulatedLink;

    @Option(
            names = "--measured",
            paramLabel = "FILE",
            description =
                    "In place of all that: for each latency of longinfer sweep in this file that a trace belongs to, what"
                            + " was measured and what is modelled, throttles and shares being the run's.")
    private Path measured;

    @Option(names = "--json", paramLabel = "FILE", description = "Appends one JSON line a run, of kind modelled.")
    private Path json;

    @Override
    public Integer call() throws IOException {
        Machine described = MachineFile.read(machine);
        if (measured != null) {
            Results runs = Results.read(List.of(measured), parent.streams().err()::println);
            parent.streams().out().print(ReplayValidation.table(read(), described, weightType.bytes, runs));
            parent.streams().requireOpen();
            return 0;
        }
        if (emulatedDisk != null) {
            described = described.withDisk(emulatedDisk);
        }
        if (emulatedLink != null) {
            described = described.withLink(emulatedLink);
        }
        List<Trace> read = read();
        DecoderShape target = shape == null
                ? read.getFirst().header().shape()
                : PublishedShapes.describe(shape).shape();
        String name = shape == null ? read.getFirst().header().model() : shape;
        parent.streams().out().println("modelled: " + name + ", " + weightType + " weights, on " + described.name());
        Table table = new Table()
                .row(
                        "tokens",
                        "batch",
                        "variant",
                        "modelled ms a step",
                        "modelled speed-up",
                        "modelled first token, s",
                        "device hits",
                        "disk, MiB a step",
                        "stall, ms");
        for (int length : tokens == null ? List.of(0) : tokens) {
            for (int batch : batches) {
                replay(read, described, target, name, length, batch, table);
            }
        }
        parent.streams().out().print(table);
        parent.streams().requireOpen();
        return 0;
    }

    private List<Trace> read() throws IOException {
        List<Trace> read = new ArrayList<>();
        for (Path trace : traces) {
            read.add(TraceFile.read(trace));
        }
        return read;
    }

    private void replay(
            List<Trace> read, Machine described, DecoderShape target, String name, int length, int batch, Table table)
            throws IOException {
        List<OptionalDouble> medians = new ArrayList<>();
        for (Trace trace : read) {
            int document = length == 0 ? trace.header().documentTokens() : length;
            int context =
                    document + trace.header().contextTokens() - trace.header().documentTokens();
            Target as = new Target(
                    target,
                    weightType.bytes,
                    context,
                    batch,
                    configuration(trace, described, target, context, batch),
                    ReplayValidation.tracedConfiguration(trace));
            try {
                Result result = Replay.of(trace, described, as);
                medians.add(OptionalDouble.of(Rates.median(ReplayTree.millis(result))));
                row(table, document, result, medians);
                if (json != null) {
                    String line = JSON.std.asString(ReplayTree.of(result, name, document));
                    Files.writeString(json, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
                }
            } catch (KvPlanException doesNotFit) {
                medians.add(OptionalDouble.empty());
                table.row(document, batch, trace.header().variant(), "does not fit", "-", "-", "-", "-", "-");
                parent.streams().err().println(trace.header().variant() + ": " + doesNotFit.getMessage());
            }
        }
    }

    /** @param medians of the traces so far, this one's the last */
    private static void row(Table table, int document, Result result, List<OptionalDouble> medians) {
        double median = medians.getLast().orElseThrow();
        OptionalDouble first = medians.getFirst();
        OptionalDouble firstToken = result.firstTokenNanos();
        table.row(
                document,
                result.target().batch(),
                result.trace().header().variant(),
                format(median),
                first.isPresent() ? format(first.getAsDouble() / median) + "x" : "-",
                firstToken.isPresent() ? format(firstToken.getAsDouble() / 1e9) : "-",
                String.format(Locale.ROOT, "%.0f %%", 100 * result.deviceHitRate()),
                format(ReplayTree.mean(result, StepTime::diskBytes) / (1 << 20)),
                format(ReplayTree.mean(result, StepTime::stallNanos) / 1e6));
    }

    /** The trace's variant with the budgets of one of {@code batch} sequences. */
    private KvConfig configuration(Trace trace, Machine described, DecoderShape target, int context, int batch) {
        double device = deviceShare != null ? deviceShare : trace.header().deviceShare();
        double host = hostShare != null ? hostShare : trace.header().hostShare();
        if (fillMemory) {
            double kvBytes = (double) target.kvBytesPerToken() * context * batch;
            double weights = Replay.weightBytes(target, weightType.bytes);
            device = Math.clamp((0.9 * described.device().memoryBytes() - weights) / kvBytes, 0.01, 1);
            host = Math.min(1, 0.8 * described.host().memoryBytes() / kvBytes);
        }
        return ReplayValidation.configuration(trace, target, context, device, host);
    }

    private static String format(double value) {
        return String.format(Locale.ROOT, value < 10 ? "%.2f" : value < 1000 ? "%.1f" : "%.0f", value);
    }
}
