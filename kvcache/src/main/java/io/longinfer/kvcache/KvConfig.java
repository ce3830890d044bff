package io.longinfer.kvcache;

import io.longinfer.kernels.abstracts.AbstractPrecision;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.quantization.QuantizedChunkLayout;
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
import java.util.Optional;

/**
 * What the KV cache of a sequence may use and how it selects. Immutable.
 *
 * @param selector which chunks a decoding step attends
 * @param selection how many
 * @param groupRule how query heads that share a KV head decide together
 * @param partition thresholds of the adaptive partition
 * @param adaptivePartition whether the adaptive selector follows a partition and measured deserts, or searches the tree exactly with fixed budgets of layers
 * @param speculation alpha and kept channels of InfiniGen's selector
 * @param abstractPrecision of leaves that are not growing
 * @param kvPrecision of closed chunks, wherever they lie
 * @param codecChoice how chunks lie in host and disk
 * @param readAhead whether decoding steps guess the next layer's chunks and read them ahead; prompts always do
 * @param deviceBudgetBytes device memory for KV, {@link ByteSize#UNLIMITED} for no limit; 0 is refused by the plan
 * @param hostBudgetBytes host memory; 0 disables the tier
 * @param diskBudgetBytes disk space; 0 disables the tier
 * @param diskDirectory where the file of a sequence is put
 * @param directIo whether the disk is read and written around the page cache
 * @param ioBackend how the disk is read
 * @param ioDepth reads kept in flight; 0 for the backend's own default
 * @param emulatedDiskBytesPerSecond a slower disk to stand for; 0 for the disk as it is
 * @param emulatedLinkBytesPerSecond a slower link from host to device to stand for; 0 for the link as it is
 * @param passingSlots device slots through which chunks pass that are not kept; 0 for the default
 * @param abstractDeviceShare share of the device budget that abstracts may take
 * @param abstractHostShare share of the host budget that abstracts may take when there is a disk
 * @param abstractsOnDisk whether abstracts beyond those shares may lie on disk alone; if not, the host holds them all
 * @param importanceDecay what a chunk's importance keeps from one decoding step to the next
 * @param recall whether decoding steps measure how much of the true attention the selected chunks hold, with a copy of all
 *     keys outside the budgets; results stay the same, latencies include the measuring
 * @param promptStatistics whether sums over a prompt's queries are kept for a cache that adopts its chunks, whatever this one's
 *     selector needs
 * @param tokenStatistics whether what each token of a prompt weighs is kept likewise, which costs a second pass over all keys
 */
public record KvConfig(
        SelectorKind selector,
        SelectionBudget selection,
        GroupRule groupRule,
        PartitionOptions partition,
        boolean adaptivePartition,
        SpeculationOptions speculation,
        AbstractPrecision abstractPrecision,
        KvPrecision kvPrecision,
        CodecChoice codecChoice,
        ReadAheadMode readAhead,
        long deviceBudgetBytes,
        long hostBudgetBytes,
        long diskBudgetBytes,
        Path diskDirectory,
        DirectIo directIo,
        DiskIo.Backend ioBackend,
        int ioDepth,
        long emulatedDiskBytesPerSecond,
        long emulatedLinkBytesPerSecond,
        int passingSlots,
        double abstractDeviceShare,
        double abstractHostShare,
        boolean abstractsOnDisk,
        double importanceDecay,
        boolean recall,
        boolean promptStatistics,
        boolean tokenStatistics) {
    public KvConfig {
        checkNotNegative("device budget", deviceBudgetBytes);
        checkNotNegative("host budget", hostBudgetBytes);
        checkNotNegative("disk budget", diskBudgetBytes);
        checkNotNegative("emulated disk's bytes a second", emulatedDiskBytesPerSecond);
        checkNotNegative("emulated link's bytes a second", emulatedLinkBytesPerSecond);
        checkNotNegative("number of passing slots", passingSlots);
        if (ioDepth < 0 || ioDepth > DiskIo.Options.MAX_DEPTH) {
            throw new IllegalArgumentException(
                    "between 0 and " + DiskIo.Options.MAX_DEPTH + " reads are in flight, not " + ioDepth);
        }
        checkShare("abstracts' share of the device", abstractDeviceShare);
        checkShare("abstracts' share of the host", abstractHostShare);
        if (!(importanceDecay > 0 && importanceDecay <= 1)) {
            throw new IllegalArgumentException(
                    "the decay of importance lies above 0 and up to 1, not at " + importanceDecay);
        }
    }

    private static void checkNotNegative(String what, long value) {
        if (value < 0) {
            throw new IllegalArgumentException("the " + what + " is not negative: " + value);
        }
    }

    private static void checkShare(String what, double share) {
        if (!(share >= 0 && share <= 1)) {
            throw new IllegalArgumentException("the " + what + " lies between 0 and 1, not at " + share);
        }
    }

    /** The adaptive selector at ratio 0.1, fp16, everything on the device without limit, host and disk disabled. */
    public static KvConfig defaults() {
        return new KvConfig(
                SelectorKind.ADAPTIVE,
                new SelectionBudget(0.1, 2, 0.5, 16, 64),
                GroupRule.MEAN,
                PartitionOptions.defaults(),
                true,
                SpeculationOptions.defaults(),
                AbstractPrecision.TOKENS,
                KvPrecision.F16,
                CodecChoice.fixed(new Codec(Precision.FP16, false)),
                ReadAheadMode.MEASURED,
                ByteSize.UNLIMITED,
                0,
                0,
                Path.of(System.getProperty("java.io.tmpdir")),
                DirectIo.AUTO,
                DiskIo.Backend.AUTO,
                0,
                0,
                0,
                0,
                0.25,
                0.65,
                true,
                0.9,
                false,
                false,
                false);
    }

    /**
     * How chunks are written to host and disk.
     *
     * @param codec of every record; empty for int8, or fp16 where everything is attended
     * @param coarseMass chunks that weighed less than this share of an average chunk are read from int8 records as int4; 0
     *     for never
     */
    public record CodecChoice(Optional<Codec> codec, double coarseMass) {
        /** int8, of which chunks that weighed less than a tenth of an average one are read as int4; fp16 where all is attended. */
        public static final CodecChoice AUTO = new CodecChoice(Optional.empty(), 0.1);

        public CodecChoice {
            if (!(coarseMass >= 0)) {
                throw new IllegalArgumentException("a share of the mean mass is not negative: " + coarseMass);
            }
        }

        /** Always this one, and whole. */
        public static CodecChoice fixed(Codec codec) {
            return new CodecChoice(Optional.of(codec), 0);
        }
    }

    /** The codec of records; chosen by then, see {@link CodecChooser}. */
    Codec codec() {
        return codecChoice.codec().orElseThrow(() -> new IllegalStateException("no codec is chosen yet"));
    }

    /** Bytes of the longest record of a chunk. */
    int recordBytes(int headDim) {
        ChunkLayout layout = new ChunkLayout(headDim);
        QuantizedChunkLayout quantized = new QuantizedChunkLayout(layout);
        return switch (codec().precision()) {
            case FP16 -> layout.sizeBytes();
            case INT8 -> quantized.prefixBytes() + quantized.nibblesBytes();
            case INT4 -> quantized.prefixBytes();
        };
    }

    /** A builder that starts from this configuration. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Changes some parts of a configuration. Not thread-safe. */
    public static final class Builder {
        private SelectorKind selector;
        private SelectionBudget selection;
        private GroupRule groupRule;
        private PartitionOptions partition;
        private boolean adaptivePartition;
        private SpeculationOptions speculation;
        private AbstractPrecision abstractPrecision;
        private KvPrecision kvPrecision;
        private CodecChoice codecChoice;
        private ReadAheadMode readAhead;
        private long deviceBudgetBytes;
        private long hostBudgetBytes;
        private long diskBudgetBytes;
        private Path diskDirectory;
        private DirectIo directIo;
        private DiskIo.Backend ioBackend;
        private int ioDepth;
        private long emulatedDiskBytesPerSecond;
        private long emulatedLinkBytesPerSecond;
        private int passingSlots;
        private double abstractDeviceShare;
        private double abstractHostShare;
        private double importanceDecay;
        private boolean recall;
        private boolean promptStatistics;
        private boolean tokenStatistics;
        private boolean abstractsOnDisk;

        private Builder(KvConfig from) {
            selector = from.selector;
            selection = from.selection;
            groupRule = from.groupRule;
            partition = from.partition;
            adaptivePartition = from.adaptivePartition;
            speculation = from.speculation;
            abstractPrecision = from.abstractPrecision;
            kvPrecision = from.kvPrecision;
            codecChoice = from.codecChoice;
            readAhead = from.readAhead;
            deviceBudgetBytes = from.deviceBudgetBytes;
            hostBudgetBytes = from.hostBudgetBytes;
            diskBudgetBytes = from.diskBudgetBytes;
            diskDirectory = from.diskDirectory;
            directIo = from.directIo;
            ioBackend = from.ioBackend;
            ioDepth = from.ioDepth;
            emulatedDiskBytesPerSecond = from.emulatedDiskBytesPerSecond;
            emulatedLinkBytesPerSecond = from.emulatedLinkBytesPerSecond;
            passingSlots = from.passingSlots;
            abstractDeviceShare = from.abstractDeviceShare;
            abstractHostShare = from.abstractHostShare;
            importanceDecay = from.importanceDecay;
            recall = from.recall;
            promptStatistics = from.promptStatistics;
            tokenStatistics = from.tokenStatistics;
            abstractsOnDisk = from.abstractsOnDisk;
        }

        /** Sets {@link KvConfig#selector()}. */
        public Builder selector(SelectorKind value) {
            selector = value;
            return this;
        }

        /** Sets {@link KvConfig#selection()}. */
        public Builder selection(SelectionBudget value) {
            selection = value;
            return this;
        }

        /** Sets {@link KvConfig#groupRule()}. */
        public Builder groupRule(GroupRule value) {
            groupRule = value;
            return this;
        }

        /** Sets {@link KvConfig#partition()}. */
        public Builder partition(PartitionOptions value) {
            partition = value;
            return this;
        }

        /** Sets {@link KvConfig#adaptivePartition()}. */
        public Builder adaptivePartition(boolean value) {
            adaptivePartition = value;
            return this;
        }

        /** Sets {@link KvConfig#speculation()}. */
        public Builder speculation(SpeculationOptions value) {
            speculation = value;
            return this;
        }

        /** Sets {@link KvConfig#abstractPrecision()}. */
        public Builder abstractPrecision(AbstractPrecision value) {
            abstractPrecision = value;
            return this;
        }

        /** Sets {@link KvConfig#kvPrecision()}; the codec stays. */
        public Builder kvPrecision(KvPrecision value) {
            kvPrecision = value;
            return this;
        }

        /** Sets {@link KvConfig#codecChoice()}. */
        public Builder codecChoice(CodecChoice value) {
            codecChoice = value;
            return this;
        }

        /** Sets a codec for all records. */
        public Builder codec(Codec value) {
            return codecChoice(CodecChoice.fixed(value));
        }

        /** Sets {@link KvConfig#readAhead()}. */
        public Builder readAhead(ReadAheadMode value) {
            readAhead = value;
            return this;
        }

        /** Sets {@link KvConfig#diskDirectory()}. */
        public Builder diskDirectory(Path value) {
            diskDirectory = value;
            return this;
        }

        /** Sets {@link KvConfig#directIo()}. */
        public Builder directIo(DirectIo value) {
            directIo = value;
            return this;
        }

        /** Sets {@link KvConfig#ioBackend()}. */
        public Builder ioBackend(DiskIo.Backend value) {
            ioBackend = value;
            return this;
        }

        /** Sets {@link KvConfig#ioDepth()}. */
        public Builder ioDepth(int value) {
            ioDepth = value;
            return this;
        }

        /** Sets {@link KvConfig#emulatedDiskBytesPerSecond()}. */
        public Builder emulatedDiskBytesPerSecond(long value) {
            emulatedDiskBytesPerSecond = value;
            return this;
        }

        /** Sets {@link KvConfig#emulatedLinkBytesPerSecond()}. */
        public Builder emulatedLinkBytesPerSecond(long value) {
            emulatedLinkBytesPerSecond = value;
            return this;
        }

        /** Sets {@link KvConfig#passingSlots()}. */
        public Builder passingSlots(int value) {
            passingSlots = value;
            return this;
        }

        /** Sets {@link KvConfig#abstractDeviceShare()}. */
        public Builder abstractDeviceShare(double value) {
            abstractDeviceShare = value;
            return this;
        }

        /** Sets {@link KvConfig#abstractHostShare()}. */
        public Builder abstractHostShare(double value) {
            abstractHostShare = value;
            return this;
        }

        /** Sets {@link KvConfig#importanceDecay()}. */
        public Builder importanceDecay(double value) {
            importanceDecay = value;
            return this;
        }

        /** Sets {@link KvConfig#recall()}. */
        public Builder recall(boolean value) {
            recall = value;
            return this;
        }

        /** Sets {@link KvConfig#promptStatistics()}. */
        public Builder promptStatistics(boolean value) {
            promptStatistics = value;
            return this;
        }

        /** Sets {@link KvConfig#tokenStatistics()}. */
        public Builder tokenStatistics(boolean value) {
            tokenStatistics = value;
            return this;
        }

        /** Sets {@link KvConfig#abstractsOnDisk()}. */
        public Builder abstractsOnDisk(boolean value) {
            abstractsOnDisk = value;
            return this;
        }

        /** Sets the ratio of all layers, the first ones too. */
        public Builder ratio(double ratio) {
            selection = new SelectionBudget(ratio, 0, ratio, selection.sinkTokens(), selection.recentTokens());
            return this;
        }

        /** Sets the three budgets, in bytes. */
        public Builder budgets(long deviceBytes, long hostBytes, long diskBytes) {
            deviceBudgetBytes = deviceBytes;
            hostBudgetBytes = hostBytes;
            diskBudgetBytes = diskBytes;
            return this;
        }

        /** The configuration, checked. */
        public KvConfig build() {
            return new KvConfig(
                    selector,
                    selection,
                    groupRule,
                    partition,
                    adaptivePartition,
                    speculation,
                    abstractPrecision,
                    kvPrecision,
                    codecChoice,
                    readAhead,
                    deviceBudgetBytes,
                    hostBudgetBytes,
                    diskBudgetBytes,
                    diskDirectory,
                    directIo,
                    ioBackend,
                    ioDepth,
                    emulatedDiskBytesPerSecond,
                    emulatedLinkBytesPerSecond,
                    passingSlots,
                    abstractDeviceShare,
                    abstractHostShare,
                    abstractsOnDisk,
                    importanceDecay,
                    recall,
                    promptStatistics,
                    tokenStatistics);
        }
    }
}
