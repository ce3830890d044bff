package io.longinfer.eval.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import io.longinfer.eval.report.Rates;
import io.longinfer.eval.report.Table;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.model.Model;
import io.longinfer.model.generation.BatchSession;
import io.longinfer.model.weights.WeightConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code longinfer bench}: prefill and decode speed at several depths. */
@Command(
        name = "bench",
        description = {
            "Measures tokens/s of decoding and of prefill behind several numbers of tokens.",
            "A repetition reads arbitrary tokens up to each depth in turn, there decodes --decode tokens and then"
                    + " reads --prefill more; a depth too close behind the last starts a new sequence. Figures are"
                    + " medians over the repetitions, with the least and the greatest. With --batch, that many sequences"
                    + " go through the same depths and decode together; the budgets are theirs together, and tokens/s of"
                    + " decoding are counted over all of them."
        })
final class BenchCommand implements Callable<Integer> {
    @ParentCommand
    private LongInfer parent;

    @Mixin
    private ModelOption model;

    @Mixin
    private ShapeOptions shape;

    @Option(
            names = "--depths",
            paramLabel = "N,N,...",
            converter = Converters.Naturals.class,
            defaultValue = "0,512,2048,8000",
            description = "Tokens before what is measured. Default: ${DEFAULT-VALUE}.")
    private List<Integer> depths;

    @Option(
            names = "--prefill",
            paramLabel = "N",
            converter = Converters.Natural.class,
            defaultValue = "512",
            description = "Tokens of a prefill. Default: ${DEFAULT-VALUE}.")
    private int prefill;

    @Option(
            names = "--decode",
            paramLabel = "N",
            converter = Converters.Natural.class,
            defaultValue = "32",
            description = "Tokens to decode. Default: ${DEFAULT-VALUE}.")
    private int decode;

    @Option(
            names = "--batch",
            paramLabel = "N",
            converter = Converters.Positive.class,
            defaultValue = "1",
            description = "Sequences that decode together. Default: ${DEFAULT-VALUE}.")
    private int batch;

    @Option(
            names = {"-r", "--repetitions"},
            paramLabel = "N",
            converter = Converters.Positive.class,
            defaultValue = "3",
            description = "Measured repetitions. Default: ${DEFAULT-VALUE}.")
    private int repetitions;

    @Option(
            names = "--warmup",
            paramLabel = "N",
            converter = Converters.Natural.class,
            defaultValue = "2",
            description = "Times that depth 0 and the first other depth up to 2,048 are run before, unmeasured."
                    + " Default: ${DEFAULT-VALUE}.")
    private int warmUp;

    @Mixin
    private SeedOption seed;

    @Mixin
    private KvOptions kv;

    @Mixin
    private WeightOptions weights;

    @Mixin
    private DeviceOptions device;

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "Appends one JSON line a depth, with every repetition.")
    private Path json;

    @Override
    public Integer call() throws IOException {
        List<Integer> sorted = depths.stream().distinct().sorted().toList();
        int context = kv.context(sorted.getLast() + decode + prefill);
        try (LoadedModel loaded = load()) {
            measure(loaded, sorted, context);
        }
        return 0;
    }

    private void measure(LoadedModel loaded, List<Integer> sorted, int context) throws IOException {
        KvConfig configuration = kv.config(KvConfig.defaults(), loaded.model().shape(), context, batch);
        try (BatchSession session = loaded.batch(configuration, context, batch)) {
            Random random = new Random(seed.seed);
            int[] tokens =
                    random.ints(context, 0, loaded.model().shape().vocabulary()).toArray();
            Map<Integer, Rates> results = new TreeMap<>();
            sorted.forEach(depth -> results.put(depth, new Rates(depth, decode * batch, prefill * batch)));
            announce(loaded, configuration);
            List<Integer> shallow =
                    sorted.stream().filter(depth -> depth <= 2048).limit(2).toList();
            for (int pass = 0; pass < warmUp; pass++) {
                pass(session, shallow, tokens, null);
            }
            for (int repetition = 0; repetition < repetitions; repetition++) {
                pass(session, sorted, tokens, results);
            }
            print(results);
            if (json != null) {
                write(loaded.setting("bench", configuration, context, seed.seed).toTree(), results);
            }
        }
    }

    private LoadedModel load() throws IOException {
        Optional<WeightConfig> placement = weights.config(kv);
        Optional<Model> dummy = shape.model(seed.seed, placement.isPresent());
        return dummy.isPresent()
                ? LoadedModel.of(dummy.get(), device, placement)
                : LoadedModel.open(model.model, device, placement);
    }

    /** Goes once through the depths; {@code results} is null while warming up. */
    private void pass(BatchSession session, List<Integer> sorted, int[] tokens, Map<Integer, Rates> results)
            throws IOException {
        session.reset();
        int[] next = new int[batch];
        for (int depth : sorted) {
            // All sequences are equally far.
            if (session.tokens(0) > depth) {
                session.reset();
            }
            if (session.tokens(0) < depth) {
                read(session, tokens, depth - session.tokens(0));
            }
            long start = System.nanoTime();
            for (int step = 0; step < decode; step++) {
                Arrays.fill(next, tokens[session.tokens(0)]);
                session.decode(next);
            }
            long middle = System.nanoTime();
            if (prefill > 0) {
                read(session, tokens, prefill);
            }
            if (results != null) {
                results.get(depth).add(middle - start, System.nanoTime() - middle);
            }
        }
    }

    private static void read(BatchSession session, int[] tokens, int count) throws IOException {
        int from = session.tokens(0);
        int[] prompt = Arrays.copyOfRange(tokens, from, from + count);
        for (int sequence = 0; sequence < session.sequences(); sequence++) {
            session.prefill(sequence, prompt, (done, total) -> {});
        }
    }

    private void announce(LoadedModel loaded, KvConfig configuration) {
        parent.streams()
                .out()
                .println(loaded.model().path().getFileName() + " on "
                        + loaded.device().profile().name() + ", "
                        + Converters.name(configuration.selector()) + " at ratio "
                        + configuration.selection().ratio() + ", batch " + batch + ", " + repetitions
                        + " repetitions after " + warmUp
                        + " to warm up, seed " + seed.seed + "; tokens/s");
        parent.streams().requireOpen();
    }

    private void print(Map<Integer, Rates> results) {
        Table table =
                new Table().row("depth", "decode " + decode, "least", "most", "prefill " + prefill, "least", "most");
        for (Rates rates : results.values()) {
            double[] decoding = rates.decode();
            double[] reading = rates.prefill();
            table.row(
                    rates.depth(),
                    figure(Rates.median(decoding)),
                    figure(Rates.least(decoding)),
                    figure(Rates.most(decoding)),
                    figure(Rates.median(reading)),
                    figure(Rates.least(reading)),
                    figure(Rates.most(reading)));
        }
        parent.streams().out().print(table);
        parent.streams().requireOpen();
    }

    private static String figure(double tokensPerSecond) {
        return String.format(Locale.ROOT, "%.1f", tokensPerSecond);
    }

    private void write(Map<String, Object> setting, Map<Integer, Rates> results) throws IOException {
        List<String> lines = new ArrayList<>();
        for (Rates rates : results.values()) {
            Map<String, Object> line = new LinkedHashMap<>(setting);
            line.put("depth", rates.depth());
            line.put("batch", batch);
            line.put("warmUp", warmUp);
            line.put("decodeTokens", decode);
            line.put("decodeTokensPerSecond", rates.decode());
            line.put("prefillTokens", prefill);
            line.put("prefillTokensPerSecond", rates.prefill());
            lines.add(JSON.std.asString(line));
        }
        Files.write(json, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
