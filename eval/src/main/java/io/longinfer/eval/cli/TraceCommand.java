package io.longinfer.eval.cli;

import io.longinfer.eval.comparison.Prefix;
import io.longinfer.eval.comparison.Variant;
import io.longinfer.eval.hardware.trace.Trace;
import io.longinfer.eval.hardware.trace.TraceEvent;
import io.longinfer.eval.hardware.trace.TraceFile;
import io.longinfer.eval.hardware.trace.TraceHeader;
import io.longinfer.eval.hardware.trace.TracedRun;
import io.longinfer.kvcache.ByteSize;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.pipeline.ReadAheadMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code longinfer trace}: records what real decoding selects and moves. */
@Command(
        name = "trace",
        description = {
            "Records what decoding behind a long document selects, guesses and weighs, layer by layer, for longinfer replay.",
            "The document is read once with full attention; each variant takes its KV over, as in longinfer latency, and writes a"
                    + " file of its own to --out: MODEL-TOKENS-VARIANT.trace.gz. The tiers of the run are those of --device-share"
                    + " and --host-share; a replay may have others."
        })
final class TraceCommand implements Callable<Integer> {
    @ParentCommand
    private LongInfer parent;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelOption model;

    @Option(
            names = "--tokens",
            paramLabel = "N",
            converter = Converters.Positive.class,
            defaultValue = "8000",
            description = "Length of the document. Default: ${DEFAULT-VALUE}.")
    private int tokens;

    @Option(
            names = "--variants",
            paramLabel = "NAME,...",
            split = ",",
            defaultValue = "full,quest,ours",
            converter = Variant.Converter.class,
            description = "What to trace. Default: ${DEFAULT-VALUE}.")
    private List<Variant> variants;

    @Option(
            names = "--device-share",
            paramLabel = "X",
            converter = Converters.Ratio.class,
            defaultValue = "0.0625",
            description = "Device budget as a share of the KV, under 1. Default: ${DEFAULT-VALUE}.")
    private double deviceShare;

    @Option(
            names = "--host-share",
            paramLabel = "X",
            converter = Converters.Ratio.class,
            defaultValue = "0.125",
            description = "Host budget as a share of the KV. Default: ${DEFAULT-VALUE}.")
    private double hostShare;

    @Option(
            names = "--steps",
            paramLabel = "N",
            converter = Converters.Positive.class,
            defaultValue = "24",
            description = "Steps that are replayed. Default: ${DEFAULT-VALUE}.")
    private int steps;

    @Option(
            names = "--warmup",
            paramLabel = "N",
            converter = Converters.Natural.class,
            defaultValue = "8",
            description = "Steps before them. Default: ${DEFAULT-VALUE}.")
    private int warmUp;

    @Mixin
    private SeedOption seed;

    @Mixin
    private KvOptions kv;

    @Mixin
    private DeviceOptions device;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "DIR",
            defaultValue = ".",
            description = "Where the traces go. Default: the folder one is in.")
    private Path out;

    @Override
    public Integer call() throws IOException {
        Files.createDirectories(out);
        try (LoadedModel loaded = LoadedModel.open(model.model, device)) {
            try (Prefix prefix = Prefix.read(
                    loaded.engine(),
                    loaded.weights(),
                    List.of(Prompts.document(loaded.model(), tokens, seed.seed)),
                    warmUp + steps,
                    warmUp + steps,
                    loaded.prefillBlock(),
                    variants.stream().anyMatch(Variant::learnsTokens),
                    new PrefillProgress(parent.streams()))) {
                for (Variant variant : variants) {
                    trace(loaded, prefix, variant);
                }
            }
        }
        return 0;
    }

    private void trace(LoadedModel loaded, Prefix prefix, Variant variant) throws IOException {
        KvConfig usual = KvShares.ofAll(deviceShare, hostShare, prefix.kvBytes(1));
        KvConfig ours = kv.config(usual, loaded.model().shape(), prefix.contextTokens(), 1);
        KvConfig configuration = guessing(variant.configuration(ours));
        List<TraceEvent> events = TracedRun.of(prefix, loaded.model().shape(), configuration, warmUp + steps);
        TraceHeader header = new TraceHeader(
                model.model,
                loaded.model().shape(),
                variant.label(),
                kvOptions(),
                deviceShare,
                hostShare,
                tokens,
                prefix.contextTokens(),
                warmUp,
                steps,
                seed.seed,
                loaded.setting("trace", configuration, prefix.contextTokens(), seed.seed)
                        .toTree());
        String name = Path.of(model.model).getFileName() + "-" + tokens + "-" + variant.label() + ".trace.gz";
        Path file = out.resolve(name);
        TraceFile.write(file, new Trace(header, events));
        parent.streams().out().println(file + ": " + events.size() + " events, " + ByteSize.format(Files.size(file)));
        parent.streams().requireOpen();
    }

    /** A replay may want the guesses of every step, whether they saved time here or not. */
    private static KvConfig guessing(KvConfig configuration) {
        return configuration.readAhead() == ReadAheadMode.NEVER
                ? configuration
                : configuration.toBuilder().readAhead(ReadAheadMode.ALWAYS).build();
    }

    /** The options of KV as they were given, by which a replay makes the same configuration. */
    private List<String> kvOptions() {
        Set<String> known =
                new CommandLine(new KvOptions()).getCommandSpec().optionsMap().keySet();
        List<String> given = new ArrayList<>();
        for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
            if (known.contains(option.longestName())) {
                option.originalStringValues().forEach(value -> given.add(option.longestName() + "=" + value));
            }
        }
        return given;
    }
}
