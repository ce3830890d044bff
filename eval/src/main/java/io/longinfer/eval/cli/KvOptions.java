package io.longinfer.eval.cli;

import io.longinfer.kernels.abstracts.AbstractPrecision;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.chunk.PartitionOptions;
import io.longinfer.kvcache.codec.Codec;
import io.longinfer.kvcache.codec.KvPrecision;
import io.longinfer.kvcache.codec.Precision;
import io.longinfer.kvcache.disk.DirectIo;
import io.longinfer.kvcache.disk.DiskIo;
import io.longinfer.kvcache.pipeline.ReadAheadMode;
import io.longinfer.kvcache.selection.GroupRule;
import io.longinfer.kvcache.selection.SelectionBudget;
import io.longinfer.kvcache.selection.SelectorKind;
import io.longinfer.kvcache.speculation.SpeculationOptions;
import java.nio.file.Path;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** Where keys and values may lie and which of them a decoding step attends. Unset options keep a command's defaults. */
final class KvOptions {
    /** What {@code --partition} says: not a Boolean, whose values picocli reads a second time as true or false. */
    enum Partitioning {
        /** Follows measured attention. */
        ADAPTIVE,
        /** None: all leaves, fixed ratios. */
        FIXED
    }

    @Option(
            names = {"-c", "--context"},
            paramLabel = "TOKENS",
            converter = Converters.Positive.class,
            description = "Tokens for which KV space is planned. Default: what the prompt and --max-tokens need.")
    Integer context;

    @Option(
            names = "--device-budget",
            paramLabel = "SIZE",
            converter = Converters.Bytes.class,
            description = "Most bytes of KV in device memory, such as 64MiB; 'unlimited' for no limit.")
    Long deviceBudget;

    @Option(
            names = "--host-budget",
            paramLabel = "SIZE",
            converter = Converters.Bytes.class,
            description = "Most bytes of KV in host memory; 0 disables the tier.")
    Long hostBudget;

    @Option(
            names = "--disk-budget",
            paramLabel = "SIZE",
            converter = Converters.Bytes.class,
            description = "Most bytes of KV on disk; 0 disables the tier.")
    Long diskBudget;

    @Option(
            names = "--kv-percent",
            paramLabel = "D,H,K",
            converter = Converters.Percentages.class,
            description =
                    "In place of the three budgets, shares of the planned context's KV on device, host and disk, in"
                            + " percent; a tier too small to work gets the least that does.")
    TierShares kvPercent;

    @Option(
            names = "--disk-dir",
            paramLabel = "FOLDER",
            description = "Where the KV file of a sequence is put, and deleted afterwards. Default: java.io.tmpdir.")
    Path diskDirectory;

    @Option(
            names = "--direct-io",
            paramLabel = "auto|on|off",
            converter = Converters.Direct.class,
            description = "Whether the disk is read around the page cache: auto where the file system allows it, on to"
                    + " fail otherwise. Default: auto.")
    DirectIo directIo;

    @Option(
            names = "--io",
            paramLabel = "auto|uring|threads",
            converter = Converters.Backend.class,
            description =
                    "How the disk is read: io_uring, or threads that read one record each. Default: auto, io_uring"
                            + " where the system has it.")
    DiskIo.Backend ioBackend;

    @Option(
            names = "--io-depth",
            paramLabel = "N",
            converter = Converters.Positive.class,
            description = "Reads kept in flight. Default: 64 with io_uring, 16 with threads.")
    Integer ioDepth;

    @Option(
            names = "--emulate-disk",
            paramLabel = "RATE",
            converter = Converters.BytesPerSecond.class,
            description = "Slows the disk down to a rate such as 1GB/s. Reports say so.")
    Long emulatedDisk;

    @Option(
            names = "--emulate-link",
            paramLabel = "RATE",
            converter = Converters.BytesPerSecond.class,
            description = "Slows the link from host to device down to a rate such as 12GB/s. Reports say so.")
    Long emulatedLink;

    @Option(
            names = "--codec",
            paramLabel = "CODEC",
            converter = Converters.CodecName.class,
            description = "How KV lies in host and disk: fp16, int8, int4, each with or without +lz4, or auto: int8,"
                    + " of which chunks that weigh little are read as int4, and fp16 where all is attended. Default: fp16;"
                    + " with a disk, what holds --kv-precision exactly.")
    KvConfig.CodecChoice codec;

    @Option(
            names = "--kv-precision",
            paramLabel = "f16|bf16|int8|int4",
            converter = Converters.KvPrecisionName.class,
            description =
                    "Precision to which chunks of 16 tokens are rounded when they close, wherever they lie. Device"
                            + " memory stays fp16: it costs accuracy everywhere and saves bytes in host and disk. Default: f16.")
    KvPrecision kvPrecision;

    @Option(
            names = "--read-ahead",
            negatable = true,
            description =
                    "Guesses what the next layer selects and reads it ahead; results are the same to the bit."
                            + " Default: as long as it is measured to save time; --read-ahead for always, --no-read-ahead for never.")
    Boolean readAhead;

    @Option(
            names = "--selector",
            paramLabel = "NAME",
            converter = Converters.Selector.class,
            description =
                    "Which KV a decoding step attends: adaptive, chunks of 16 tokens with the greatest bounds by search of"
                            + " a tree, ratios of layers by measured attention; quest (or topk), the same with every bound"
                            + " computed; infinigen, tokens by scores speculated from the layer before; h2o, recent tokens and"
                            + " those that received the most attention, others gone for good; h2o-chunked, the same by chunks;"
                            + " streaming, the first and the most recent; full, all; oracle, for comparison, chunks with the"
                            + " greatest true attention. All attend as much. Default: adaptive.")
    SelectorKind selector;

    @Option(
            names = "--partition",
            paramLabel = "adaptive|fixed",
            converter = Converters.PartitionName.class,
            description =
                    "Whether the adaptive selector follows an adaptive partition and desert rates, or searches all"
                            + " leaves with fixed ratios. Default: adaptive.")
    Partitioning partitioning;

    @Option(
            names = "--desert-threshold",
            paramLabel = "X",
            converter = Converters.Share.class,
            description = "Chunks lie low below this share of the mean attention mass. Default: 0.5.")
    Double desertThreshold;

    @Option(
            names = "--desert-run",
            paramLabel = "N",
            converter = Converters.Positive.class,
            description = "Fewest low chunks in a row that make a desert. Default: 1.")
    Integer desertRun;

    @Option(
            names = "--merge-after",
            paramLabel = "STEPS",
            converter = Converters.Positive.class,
            description = "Steps without a useful chunk after which 256 tokens are merged. Default: 32.")
    Integer mergeAfter;

    @Option(
            names = "--abstract-precision",
            paramLabel = "fp16|int8|tokens",
            converter = Converters.AbstractPrecisionName.class,
            description =
                    "What is kept of a chunk to decide by: the box of its keys in fp16 or int8, of which the upper bound"
                            + " is the chunk's score; or tokens, the box in int8 and two bits of each key element, by which its best"
                            + " token is. Default: tokens.")
    AbstractPrecision abstractPrecision;

    @Option(
            names = "--abstracts-on-disk",
            negatable = true,
            description = "Abstracts that have no room in their share of the faster tiers lie on disk and are read when"
                    + " needed. Default: on; --no-abstracts-on-disk for all of them in the host.")
    Boolean abstractsOnDisk;

    @Option(
            names = "--ratio",
            paramLabel = "R",
            converter = Converters.Ratio.class,
            description = "Share of the tokens that is selected, 0 to 1. Default: 0.1.")
    Double ratio;

    @Option(
            names = "--first-layers",
            paramLabel = "N",
            converter = Converters.Natural.class,
            description = "Layers, from the first, that have a ratio of their own. Default: 2.")
    Integer firstLayers;

    @Option(
            names = "--first-layers-ratio",
            paramLabel = "R",
            converter = Converters.Ratio.class,
            description = "The ratio of the first layers. Default: 0.5, or --ratio where that is greater.")
    Double firstLayersRatio;

    @Option(
            names = "--sink",
            paramLabel = "TOKENS",
            converter = Converters.Natural.class,
            description = "First tokens, always attended. Default: 16.")
    Integer sink;

    @Option(
            names = "--recent",
            paramLabel = "TOKENS",
            converter = Converters.Natural.class,
            description = "Newest tokens, always attended. Default: 64.")
    Integer recent;

    @Option(
            names = "--group-rule",
            paramLabel = "mean|max",
            converter = Converters.Group.class,
            description = "How query heads that share a KV head decide together. Default: mean.")
    GroupRule groupRule;

    @Option(
            names = "--infinigen-alpha",
            paramLabel = "X",
            converter = Converters.Share.class,
            description =
                    "For infinigen: tokens within this of the greatest speculated score are important. Default: 5.")
    Double infinigenAlpha;

    @Option(
            names = "--infinigen-partial",
            paramLabel = "R",
            converter = Converters.Portion.class,
            description = "For infinigen: share of a head's channels that is speculated with. Default: 0.2.")
    Double infinigenPartial;

    @Option(
            names = "--recall",
            description =
                    "Measures how much of the true attention over closed chunks lies on the selected ones, with a copy of"
                            + " all keys outside the budgets. Results stay the same; latencies include the measuring.")
    boolean recall;

    /**
     * The options of a line.
     *
     * @throws CommandLine.ParameterException if it has others, or values that they do not take
     */
    static KvOptions parse(String... arguments) {
        KvOptions options = new KvOptions();
        new CommandLine(options).parseArgs(arguments);
        return options;
    }

    /** Whether any option about selecting was given. */
    boolean selects() {
        return selector != null
                || partitioning != null
                || ratio != null
                || firstLayers != null
                || firstLayersRatio != null
                || sink != null
                || recent != null
                || groupRule != null
                || infinigenAlpha != null
                || infinigenPartial != null;
    }

    /**
     * The configuration: {@code defaults} with what was given.
     *
     * @throws IllegalArgumentException if shares were given, which a command that calls this has no context for
     */
    KvConfig config(KvConfig defaults) {
        if (kvPercent != null) {
            throw new IllegalArgumentException("--kv-percent has no meaning here: budgets of KV expected");
        }
        return withoutShares(defaults);
    }

    /** The configuration but for shares: how disk and links are used. */
    KvConfig withoutShares(KvConfig defaults) {
        SelectionBudget usual = defaults.selection();
        double share = or(ratio, usual.ratio());
        return defaults.toBuilder()
                .selector(or(selector, defaults.selector()))
                .selection(new SelectionBudget(
                        share,
                        or(firstLayers, usual.firstLayers()),
                        // A ratio of 1 must mean everything, in the first layers too.
                        or(firstLayersRatio, Math.max(share, usual.firstLayersRatio())),
                        or(sink, usual.sinkTokens()),
                        or(recent, usual.recentTokens())))
                .groupRule(or(groupRule, defaults.groupRule()))
                .adaptivePartition(
                        partitioning == null ? defaults.adaptivePartition() : partitioning == Partitioning.ADAPTIVE)
                .partition(new PartitionOptions(
                        or(desertThreshold, defaults.partition().desertThreshold()),
                        or(desertRun, defaults.partition().desertRun()),
                        or(mergeAfter, defaults.partition().mergeAfterSteps()),
                        defaults.partition().slackDecay(),
                        defaults.partition().minRatio()))
                .speculation(new SpeculationOptions(
                        or(infinigenAlpha, defaults.speculation().alpha()),
                        or(infinigenPartial, defaults.speculation().partialRatio())))
                .abstractPrecision(or(abstractPrecision, usualPrecision(defaults)))
                .abstractsOnDisk(or(abstractsOnDisk, defaults.abstractsOnDisk()))
                .kvPrecision(or(kvPrecision, defaults.kvPrecision()))
                .codecChoice(codecChoice(defaults))
                .readAhead(readAheadMode(defaults))
                .recall(recall || defaults.recall())
                .budgets(
                        or(deviceBudget, defaults.deviceBudgetBytes()),
                        or(hostBudget, defaults.hostBudgetBytes()),
                        or(diskBudget, defaults.diskBudgetBytes()))
                .diskDirectory(or(diskDirectory, defaults.diskDirectory()))
                .directIo(or(directIo, defaults.directIo()))
                .ioBackend(or(ioBackend, defaults.ioBackend()))
                .ioDepth(or(ioDepth, defaults.ioDepth()))
                .emulatedDiskBytesPerSecond(or(emulatedDisk, defaults.emulatedDiskBytesPerSecond()))
                .emulatedLinkBytesPerSecond(or(emulatedLink, defaults.emulatedLinkBytesPerSecond()))
                .build();
    }

    /**
     * Rounded chunks come with a codec that holds them exactly in the fewest bytes. Without a disk that is fp16: a chunk that
     * moves between device and host would be quantised each time.
     */
    private KvConfig.CodecChoice codecChoice(KvConfig defaults) {
        if (codec != null || kvPrecision == null) {
            return or(codec, defaults.codecChoice());
        }
        boolean backed = or(diskBudget, defaults.diskBudgetBytes()) > 0;
        return KvConfig.CodecChoice.fixed(new Codec(backed ? kvPrecision.recordPrecision() : Precision.FP16, false));
    }

    private ReadAheadMode readAheadMode(KvConfig defaults) {
        if (readAhead == null) {
            return defaults.readAhead();
        }
        return readAhead ? ReadAheadMode.ALWAYS : ReadAheadMode.NEVER;
    }

    /** Quest knows boxes alone. */
    private AbstractPrecision usualPrecision(KvConfig defaults) {
        return selector == SelectorKind.QUEST ? AbstractPrecision.FP16 : defaults.abstractPrecision();
    }

    /** The configuration with the library's defaults: adaptive at 0.1, everything on the device. */
    KvConfig config() {
        return config(KvConfig.defaults());
    }

    /**
     * The configuration: {@code defaults} with what was given, budgets from shares if those were.
     *
     * @param contextTokens tokens planned for
     * @param sequences that decode together
     * @throws IllegalArgumentException if both budgets and shares are given
     */
    KvConfig config(KvConfig defaults, DecoderShape shape, int contextTokens, int sequences) {
        if (kvPercent == null) {
            return config(defaults);
        }
        if (deviceBudget != null || hostBudget != null || diskBudget != null) {
            throw new IllegalArgumentException("--kv-percent and budgets of KV are given: one of them expected");
        }
        return KvShares.apply(withoutShares(defaults), kvPercent, shape, contextTokens, sequences);
    }

    /** The context to plan for, when {@code needed} tokens will be in it. */
    int context(int needed) {
        return or(context, needed);
    }

    private static <T> T or(T given, T fallback) {
        return given != null ? given : fallback;
    }
}
