package io.longinfer.eval.cli;

import io.longinfer.eval.accuracy.longbench.LongBenchMetric;
import io.longinfer.kernels.abstracts.AbstractPrecision;
import io.longinfer.kvcache.ByteSize;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.codec.Codec;
import io.longinfer.kvcache.codec.KvPrecision;
import io.longinfer.kvcache.disk.DirectIo;
import io.longinfer.kvcache.disk.DiskIo;
import io.longinfer.kvcache.selection.GroupRule;
import io.longinfer.kvcache.selection.SelectorKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Read option values; what they refuse, they say with what was expected. */
final class Converters {
    private Converters() {}

    private static TypeConversionException refused(String value, String expected) {
        return new TypeConversionException("'" + value + "' found, " + expected + " expected");
    }

    private static int wholeNumber(String value, int least) {
        try {
            int number = Integer.parseInt(value);
            if (number >= least) {
                return number;
            }
        } catch (NumberFormatException notANumber) {
            // answered below
        }
        throw refused(value, "a whole number of at least " + least);
    }

    private static double number(String value, double least, double most, String expected) {
        try {
            double number = Double.parseDouble(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException notANumber) {
            // answered below
        }
        throw refused(value, expected);
    }

    private static <E extends Enum<E>> E constant(Class<E> type, String value) {
        for (E constant : type.getEnumConstants()) {
            if (name(constant).equals(value.toLowerCase(Locale.ROOT))) {
                return constant;
            }
        }
        throw refused(
                value,
                Arrays.stream(type.getEnumConstants())
                        .map(Converters::name)
                        .collect(Collectors.joining(", ", "one of ", "")));
    }

    /** How options write a constant. */
    static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** At least 1. */
    static final class Positive implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String value) {
            return wholeNumber(value, 1);
        }
    }

    /** At least 0. */
    static final class Natural implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String value) {
            return wholeNumber(value, 0);
        }
    }

    private static List<Integer> wholeNumbers(String value, int least) {
        List<Integer> numbers = new ArrayList<>();
        for (String part : value.split(",", -1)) {
            try {
                numbers.add(wholeNumber(part.strip(), least));
            } catch (TypeConversionException refused) {
                throw refused(value, "whole numbers of at least " + least + ", separated by commas,");
            }
        }
        return numbers;
    }

    /** Several, each at least 0. */
    static final class Naturals implements ITypeConverter<List<Integer>> {
        @Override
        public List<Integer> convert(String value) {
            return wholeNumbers(value, 0);
        }
    }

    /** Several, each at least 1. */
    static final class Positives implements ITypeConverter<List<Integer>> {
        @Override
        public List<Integer> convert(String value) {
            return wholeNumbers(value, 1);
        }
    }

    /** 0 to 1. */
    static final class Ratio implements ITypeConverter<Double> {
        @Override
        public Double convert(String value) {
            return number(value, 0, 1, "a number from 0 to 1");
        }
    }

    /** Three shares of device, host and disk. */
    static final class Percentages implements ITypeConverter<TierShares> {
        @Override
        public TierShares convert(String value) {
            List<Integer> parts = new Naturals().convert(value);
            if (parts.size() != 3 || parts.stream().mapToInt(part -> part).sum() != 100) {
                throw refused(
                        value, "three whole numbers for device, host and disk that sum to 100, such as 20,30,50,");
            }
            return new TierShares(parts.get(0), parts.get(1), parts.get(2));
        }
    }

    /** At least 0. */
    static final class Temperature implements ITypeConverter<Float> {
        @Override
        public Float convert(String value) {
            return (float) number(value, 0, 1000, "a number from 0 (greedy) to 1000");
        }
    }

    /** Above 0, at most 1. */
    static final class Probability implements ITypeConverter<Float> {
        @Override
        public Float convert(String value) {
            return (float) number(value, Float.MIN_VALUE, 1, "a number above 0 and up to 1");
        }
    }

    /** Above 0, at most 1. */
    static final class Portion implements ITypeConverter<Double> {
        @Override
        public Double convert(String value) {
            return number(value, Double.MIN_VALUE, 1, "a number above 0 and up to 1");
        }
    }

    /** Bytes, with or without unit. */
    static final class Bytes implements ITypeConverter<Long> {
        @Override
        public Long convert(String value) {
            try {
                return ByteSize.parse(value);
            } catch (IllegalArgumentException noSize) {
                throw new TypeConversionException(noSize.getMessage());
            }
        }
    }

    /** Bytes a second, such as {@code 1GB/s}. */
    static final class BytesPerSecond implements ITypeConverter<Long> {
        @Override
        public Long convert(String value) {
            try {
                if (value.endsWith("/s")) {
                    long rate = ByteSize.parse(value.substring(0, value.length() - 2));
                    if (rate > 0 && rate != ByteSize.UNLIMITED) {
                        return rate;
                    }
                }
            } catch (IllegalArgumentException noSize) {
                // answered below
            }
            throw refused(value, "a rate such as 1GB/s or 800MiB/s");
        }
    }

    /** At least 0. */
    static final class Share implements ITypeConverter<Double> {
        @Override
        public Double convert(String value) {
            return number(value, 0, 1000, "a number from 0 to 1000");
        }
    }

    /** A codec, or {@code auto}. */
    static final class CodecName implements ITypeConverter<KvConfig.CodecChoice> {
        @Override
        public KvConfig.CodecChoice convert(String value) {
            if (value.equals("auto")) {
                return KvConfig.CodecChoice.AUTO;
            }
            try {
                return KvConfig.CodecChoice.fixed(Codec.parse(value));
            } catch (IllegalArgumentException none) {
                throw refused(value, "auto, or fp16, int8 or int4, each with or without +lz4,");
            }
        }
    }

    /** {@code cpu} or {@code tornado}. */
    static final class DeviceBackend implements ITypeConverter<DeviceOptions.Backend> {
        @Override
        public DeviceOptions.Backend convert(String value) {
            return constant(DeviceOptions.Backend.class, value);
        }
    }

    /** {@code f16}, {@code bf16}, {@code int8} or {@code int4}. */
    static final class KvPrecisionName implements ITypeConverter<KvPrecision> {
        @Override
        public KvPrecision convert(String value) {
            return constant(KvPrecision.class, value);
        }
    }

    /** {@code adaptive} or {@code fixed}. */
    static final class PartitionName implements ITypeConverter<KvOptions.Partitioning> {
        @Override
        public KvOptions.Partitioning convert(String value) {
            return constant(KvOptions.Partitioning.class, value);
        }
    }

    /** {@code fp16} or {@code int8}. */
    static final class AbstractPrecisionName implements ITypeConverter<AbstractPrecision> {
        @Override
        public AbstractPrecision convert(String value) {
            return constant(AbstractPrecision.class, value);
        }
    }

    /** {@code auto}, {@code uring} or {@code threads}. */
    static final class Backend implements ITypeConverter<DiskIo.Backend> {
        @Override
        public DiskIo.Backend convert(String value) {
            return constant(DiskIo.Backend.class, value);
        }
    }

    /** The name of a selector. */
    static final class Selector implements ITypeConverter<SelectorKind> {
        @Override
        public SelectorKind convert(String value) {
            if (value.equalsIgnoreCase("topk")) {
                return SelectorKind.QUEST; // its name before there were others
            }
            return constant(SelectorKind.class, value);
        }
    }

    /** {@code mean} or {@code max}. */
    static final class Group implements ITypeConverter<GroupRule> {
        @Override
        public GroupRule convert(String value) {
            return constant(GroupRule.class, value);
        }
    }

    /** {@code auto}, {@code on} or {@code off}. */
    static final class Direct implements ITypeConverter<DirectIo> {
        @Override
        public DirectIo convert(String value) {
            return switch (value.toLowerCase(Locale.ROOT)) {
                case "auto" -> DirectIo.AUTO;
                case "on" -> DirectIo.REQUIRED;
                case "off" -> DirectIo.OFF;
                default -> throw refused(value, "one of auto, on, off");
            };
        }
    }

    /** How LongBench scores. */
    static final class LongBenchMetricName implements ITypeConverter<LongBenchMetric> {
        @Override
        public LongBenchMetric convert(String value) {
            return constant(LongBenchMetric.class, value);
        }
    }

    /** How filling text is called. */
    static final class Filling implements ITypeConverter<io.longinfer.eval.documents.Filling> {
        @Override
        public io.longinfer.eval.documents.Filling convert(String value) {
            return constant(io.longinfer.eval.documents.Filling.class, value);
        }
    }
}
