package io.longinfer.kvcache;

import io.longinfer.kvcache.disk.DirectIo;
import io.longinfer.kvcache.selection.GroupRule;
import io.longinfer.kvcache.selection.SelectionBudget;
import io.longinfer.kvcache.selection.SelectorKind;
import java.nio.file.Path;

/**
 * What the KV cache of a sequence may use and how it selects. Immutable.
 *
 * @param selector which chunks a decoding step attends
 * @param selection how many
 * @param groupRule how query heads that share a KV head decide together
 * @param deviceBudgetBytes device memory for KV, {@link ByteSize#UNLIMITED} for no limit; 0 is refused by the plan
 * @param hostBudgetBytes host memory; 0 disables the tier
 * @param diskBudgetBytes disk space; 0 disables the tier
 * @param diskDirectory where the file of a sequence is put
 * @param directIo whether the disk is read and written around the page cache
 * @param ioThreads reads kept in flight
 * @param transientSlots device slots per layer through which chunks pass that are not kept there; 0 for the default
 * @param abstractDeviceShare share of the device budget that abstracts may take
 * @param importanceDecay what a chunk's importance keeps from one decoding step to the next
 */
public record KvConfig(
        SelectorKind selector,
        SelectionBudget selection,
        GroupRule groupRule,
        long deviceBudgetBytes,
        long hostBudgetBytes,
        long diskBudgetBytes,
        Path diskDirectory,
        DirectIo directIo,
        int ioThreads,
        int transientSlots,
        double abstractDeviceShare,
        double importanceDecay) {
    /** Most reads kept in flight. */
    public static final int MAX_IO_THREADS = 64;

    public KvConfig {
        checkBudget("device", deviceBudgetBytes);
        checkBudget("host", hostBudgetBytes);
        checkBudget("disk", diskBudgetBytes);
        if (ioThreads < 1 || ioThreads > MAX_IO_THREADS) {
            throw new IllegalArgumentException("between 1 and " + MAX_IO_THREADS + " I/O threads, not " + ioThreads);
        }
        if (transientSlots < 0) {
            throw new IllegalArgumentException("transient slots are not negative: " + transientSlots);
        }
        if (!(abstractDeviceShare >= 0 && abstractDeviceShare <= 1)) {
            throw new IllegalArgumentException(
                    "the abstracts' share of the device lies between 0 and 1, not at " + abstractDeviceShare);
        }
        if (!(importanceDecay > 0 && importanceDecay <= 1)) {
            throw new IllegalArgumentException(
                    "the decay of importance lies above 0 and up to 1, not at " + importanceDecay);
        }
    }

    private static void checkBudget(String tier, long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("the " + tier + " budget is not negative: " + bytes + " bytes");
        }
    }

    /** Top-k at ratio 0.1, everything on the device without limit, host and disk disabled. */
    public static KvConfig defaults() {
        return new KvConfig(
                SelectorKind.TOPK,
                new SelectionBudget(0.1, 2, 0.5, 16, 64),
                GroupRule.MEAN,
                ByteSize.UNLIMITED,
                0,
                0,
                Path.of(System.getProperty("java.io.tmpdir")),
                DirectIo.AUTO,
                8,
                0,
                0.25,
                0.99);
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
        private long deviceBudgetBytes;
        private long hostBudgetBytes;
        private long diskBudgetBytes;
        private Path diskDirectory;
        private DirectIo directIo;
        private int ioThreads;
        private int transientSlots;
        private double abstractDeviceShare;
        private double importanceDecay;

        private Builder(KvConfig from) {
            selector = from.selector;
            selection = from.selection;
            groupRule = from.groupRule;
            deviceBudgetBytes = from.deviceBudgetBytes;
            hostBudgetBytes = from.hostBudgetBytes;
            diskBudgetBytes = from.diskBudgetBytes;
            diskDirectory = from.diskDirectory;
            directIo = from.directIo;
            ioThreads = from.ioThreads;
            transientSlots = from.transientSlots;
            abstractDeviceShare = from.abstractDeviceShare;
            importanceDecay = from.importanceDecay;
        }

        /** Sets {@link KvConfig#selector()}. */
        public Builder selector(SelectorKind kind) {
            selector = kind;
            return this;
        }

        /** Sets {@link KvConfig#selection()}. */
        public Builder selection(SelectionBudget budget) {
            selection = budget;
            return this;
        }

        /** Sets the ratio of all layers, the first ones too. */
        public Builder ratio(double ratio) {
            selection = new SelectionBudget(ratio, 0, ratio, selection.sinkTokens(), selection.recentTokens());
            return this;
        }

        /** Sets {@link KvConfig#groupRule()}. */
        public Builder groupRule(GroupRule rule) {
            groupRule = rule;
            return this;
        }

        /** Sets the three budgets, in bytes. */
        public Builder budgets(long deviceBytes, long hostBytes, long diskBytes) {
            deviceBudgetBytes = deviceBytes;
            hostBudgetBytes = hostBytes;
            diskBudgetBytes = diskBytes;
            return this;
        }

        /** Sets {@link KvConfig#diskDirectory()}. */
        public Builder diskDirectory(Path directory) {
            diskDirectory = directory;
            return this;
        }

        /** Sets {@link KvConfig#directIo()}. */
        public Builder directIo(DirectIo mode) {
            directIo = mode;
            return this;
        }

        /** Sets {@link KvConfig#ioThreads()}. */
        public Builder ioThreads(int threads) {
            ioThreads = threads;
            return this;
        }

        /** Sets {@link KvConfig#transientSlots()}. */
        public Builder transientSlots(int slots) {
            transientSlots = slots;
            return this;
        }

        /** Sets {@link KvConfig#abstractDeviceShare()}. */
        public Builder abstractDeviceShare(double share) {
            abstractDeviceShare = share;
            return this;
        }

        /** Sets {@link KvConfig#importanceDecay()}. */
        public Builder importanceDecay(double decay) {
            importanceDecay = decay;
            return this;
        }

        /** The configuration, checked. */
        public KvConfig build() {
            return new KvConfig(
                    selector,
                    selection,
                    groupRule,
                    deviceBudgetBytes,
                    hostBudgetBytes,
                    diskBudgetBytes,
                    diskDirectory,
                    directIo,
                    ioThreads,
                    transientSlots,
                    abstractDeviceShare,
                    importanceDecay);
        }
    }
}
