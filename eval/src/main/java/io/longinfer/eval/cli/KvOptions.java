package io.longinfer.eval.cli;

import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.disk.DirectIo;
import io.longinfer.kvcache.selection.GroupRule;
import io.longinfer.kvcache.selection.SelectionBudget;
import io.longinfer.kvcache.selection.SelectorKind;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Where keys and values may lie and which of them a decoding step attends. Unset options keep a command's defaults. */
final class KvOptions {
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
            names = "--io-depth",
            paramLabel = "N",
            converter = Converters.Positive.class,
            description = "Reads kept in flight. Default: 8.")
    Integer ioDepth;

    @Option(
            names = "--selector",
            paramLabel = "full|topk",
            converter = Converters.Selector.class,
            description = "Which KV a decoding step attends: all of it, or the chunks of 16 tokens with the greatest"
                    + " bounds.")
    SelectorKind selector;

    @Option(
            names = "--ratio",
            paramLabel = "R",
            converter = Converters.Ratio.class,
            description = "Share of the tokens that topk selects, 0 to 1. Default: 0.1.")
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

    /** Whether any option about selecting was given. */
    boolean selects() {
        return selector != null
                || ratio != null
                || firstLayers != null
                || firstLayersRatio != null
                || sink != null
                || recent != null
                || groupRule != null;
    }

    /** The configuration: {@code defaults} with what was given. */
    KvConfig config(KvConfig defaults) {
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
                .budgets(
                        or(deviceBudget, defaults.deviceBudgetBytes()),
                        or(hostBudget, defaults.hostBudgetBytes()),
                        or(diskBudget, defaults.diskBudgetBytes()))
                .diskDirectory(or(diskDirectory, defaults.diskDirectory()))
                .directIo(or(directIo, defaults.directIo()))
                .ioThreads(or(ioDepth, defaults.ioThreads()))
                .build();
    }

    /** The configuration with the library's defaults: top-k at 0.1, everything on the device. */
    KvConfig config() {
        return config(KvConfig.defaults());
    }

    /** The context to plan for, when {@code needed} tokens will be in it. */
    int context(int needed) {
        return or(context, needed);
    }

    private static <T> T or(T given, T fallback) {
        return given != null ? given : fallback;
    }
}
