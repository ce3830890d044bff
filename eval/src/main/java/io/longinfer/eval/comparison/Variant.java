package io.longinfer.eval.comparison;

import io.longinfer.kernels.abstracts.AbstractPrecision;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.codec.Codec;
import io.longinfer.kvcache.codec.Precision;
import io.longinfer.kvcache.pipeline.ReadAheadMode;
import io.longinfer.kvcache.selection.SelectorKind;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A way to manage KV: a baseline, ours, or ours with one part turned off. */
public enum Variant {
    /** All KV, streamed through the same tiers, read ahead (as FlexGen, arXiv 2303.06865, does). */
    FULL,
    /**
     * StreamingLLM (arXiv 2309.17453): sinks and a window, in fp16. Its paper reads nothing from anywhere; here it is read ahead,
     * as what is attended is known before the query.
     */
    STREAMING,
    /** H2O (arXiv 2306.14048): heavy hitters and recent tokens, in fp16, read ahead as FlexGen does, which H2O builds on. */
    H2O,
    /** The same with chunks of 16 tokens in place of tokens. */
    H2O_CHUNKED,
    /** Quest (arXiv 2406.10774): fixed chunks of 16 tokens, all bounds scored in fp16, top-k, read when it is known. */
    QUEST,
    /** InfiniGen (arXiv 2406.19707): tokens by speculated scores, read ahead. */
    INFINIGEN,
    /** The chunks with the greatest true attention, a diagnostic: its latency means nothing. */
    ORACLE,
    /** As the options say. */
    OURS,
    /** Every leaf is scored, with fixed ratios of layers. */
    NO_TREE,
    /** The tree is searched exactly, with fixed ratios of layers. */
    NO_PARTITION,
    /** Chunks are scored by the bounds of their boxes, as in Quest, and not by their best tokens. */
    NO_TOKEN_CODES,
    /** All abstracts lie in the host or on the device, whatever their share of the budget. */
    NO_DISK_ABSTRACTS,
    /** No chunk is read before it is known to be needed. */
    NO_READ_AHEAD,
    /** What the next layer will select is guessed in every step, whether that saves time or not. */
    ALWAYS_READ_AHEAD,
    /** fp16 everywhere. */
    NO_CODEC;

    /** The configuration of this variant, made from that of {@link #OURS}. */
    public KvConfig configuration(KvConfig ours) {
        KvConfig.Builder builder = ours.toBuilder();
        Codec exact = new Codec(Precision.FP16, false);
        return switch (this) {
            case FULL -> builder.selector(SelectorKind.FULL).codec(exact).build();
            case STREAMING ->
                builder.selector(SelectorKind.STREAMING).codec(exact).build();
            case H2O -> builder.selector(SelectorKind.H2O).codec(exact).build();
            case H2O_CHUNKED ->
                builder.selector(SelectorKind.H2O_CHUNKED).codec(exact).build();
            case QUEST ->
                builder.selector(SelectorKind.QUEST)
                        .abstractPrecision(AbstractPrecision.FP16)
                        .codec(exact)
                        .readAhead(ReadAheadMode.NEVER)
                        .build();
            case INFINIGEN ->
                builder.selector(SelectorKind.INFINIGEN).codec(exact).build();
            case ORACLE -> builder.selector(SelectorKind.ORACLE).codec(exact).build();
            case OURS -> ours;
            case NO_TREE -> builder.selector(SelectorKind.QUEST).build();
            case NO_PARTITION -> builder.adaptivePartition(false).build();
            case NO_TOKEN_CODES ->
                builder.abstractPrecision(AbstractPrecision.INT8).build();
            case NO_DISK_ABSTRACTS -> builder.abstractsOnDisk(false).build();
            case NO_READ_AHEAD -> builder.readAhead(ReadAheadMode.NEVER).build();
            case ALWAYS_READ_AHEAD -> builder.readAhead(ReadAheadMode.ALWAYS).build();
            case NO_CODEC -> builder.codec(exact).build();
        };
    }

    /** Whether it wants to know what each token of a prompt weighs, see {@link Prefix#read}. */
    public boolean learnsTokens() {
        return this == H2O || this == H2O_CHUNKED;
    }

    /** Its name in options and tables. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * The variant of a label.
     *
     * @throws IllegalArgumentException if there is none, with the labels there are
     */
    public static Variant of(String label) {
        for (Variant variant : values()) {
            if (variant.label().equals(label.toLowerCase(Locale.ROOT))) {
                return variant;
            }
        }
        throw new IllegalArgumentException("'" + label + "' found, one of "
                + Arrays.stream(values()).map(Variant::label).collect(Collectors.joining(", ")) + " expected");
    }

    /** Reads a label. */
    public static final class Converter implements ITypeConverter<Variant> {
        @Override
        public Variant convert(String value) {
            try {
                return of(value);
            } catch (IllegalArgumentException unknown) {
                throw new TypeConversionException(unknown.getMessage());
            }
        }
    }
}
