package io.longinfer.kvcache;

import io.longinfer.kernels.abstracts.AbstractLayout;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kvcache.KvPlan.DiskPlan;
import io.longinfer.kvcache.KvPlan.LayerPlan;
import io.longinfer.kvcache.KvPlan.Mode;
import io.longinfer.kvcache.abstracts.AbstractStore;
import io.longinfer.kvcache.abstracts.Placement;
import io.longinfer.kvcache.codec.Precision;
import io.longinfer.kvcache.disk.DirectIo;
import io.longinfer.kvcache.disk.DiskGeometry;
import io.longinfer.kvcache.disk.DiskHeader;
import io.longinfer.kvcache.disk.DiskStore;
import io.longinfer.kvcache.selection.SelectorKind;
import io.longinfer.kvcache.speculation.PartialKeys;
import io.longinfer.kvcache.speculation.Speculation;
import io.longinfer.kvcache.tier.HostTier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The arithmetic behind {@link KvPlan}: tries the device alone, then device and host, then the disk. */
final class Planner {
    /** Bytes of a unit that a device and a disk are both busy with for long enough. */
    private static final int UNIT_BYTES = 1 << 20;

    private static final int LEAST_UNIT = 32;

    /** One unit is attended, one comes, and what the next layer may want comes behind. */
    private static final int UNITS = 3;

    /** Buffers of the disk, from roomy to scarce: the ring of writes, the largest read, all reads in flight. */
    private static final int[][] BUFFERS = {
        {1 << 20, 256 << 10, 2 << 20}, {256 << 10, 64 << 10, 512 << 10}, {64 << 10, 32 << 10, 128 << 10}
    };

    private final DecoderShape shape;
    private final int contextTokens;
    private final KvConfig config;
    private final int chunksPerHead;
    private final int perLayer;
    private final long total;
    private final int chunkBytes;
    private final int recordBytes;
    private final int hostStride;

    /** Channels of partial keys that layers have in place of abstracts, or 0. */
    private final int partialChannels;

    private final int leafSlots;
    private int passingLeaves;
    private final long leafSlotBytes;
    private final long upperBytes;
    private final long openBytes;

    private final Placement[] placements;
    private final int[] slots;
    private int deviceChunks;
    private int passing;
    private int hostChunks;
    private int hostPassing;
    private DiskPlan disk = DiskPlan.NONE;

    private Planner(DecoderShape shape, int contextTokens, KvConfig config) {
        this.shape = shape;
        this.contextTokens = contextTokens;
        this.config = config;
        chunksPerHead = contextTokens / ChunkLayout.TOKENS;
        perLayer = Math.multiplyExact(chunksPerHead, shape.kvHeads());
        total = (long) shape.layers() * perLayer;
        chunkBytes = new ChunkLayout(shape.headDim()).sizeBytes();
        recordBytes = config.recordBytes(shape.headDim());
        hostStride = HostTier.strideBytes(recordBytes);
        partialChannels = speculates() ? config.speculation().channels(shape.headDim()) : 0;
        leafSlots = speculates() ? 0 : AbstractStore.allLeafSlots(shape, chunksPerHead);
        leafSlotBytes = AbstractStore.leafSlotBytes(shape, config.abstractPrecision());
        upperBytes = speculates()
                ? PartialKeys.layerBytes(shape, chunksPerHead, partialChannels)
                : AbstractStore.upperBytes(shape, chunksPerHead, config.abstractPrecision());
        openBytes = (long) shape.layers() * shape.kvHeads() * chunkBytes;
        placements = new Placement[shape.layers()];
        slots = new int[shape.layers()];
    }

    /** A plan, or nothing if it does not fit. */
    static Optional<KvPlan> plan(DecoderShape shape, int contextTokens, KvConfig config) {
        Planner planner = new Planner(shape, contextTokens, config);
        if (planner.fitsDevice()) {
            return Optional.of(planner.result(Mode.DEVICE));
        }
        if (planner.exactWithoutDisk() && planner.fitsDeviceAndHost()) {
            return Optional.of(planner.result(Mode.DEVICE_HOST));
        }
        return planner.fitsWithDisk() ? Optional.of(planner.result(Mode.DISK)) : Optional.empty();
    }

    /**
     * Whether moving chunks between device and host keeps their numbers. Where they are meant to be quantised once, a second time
     * would show, so that the disk, if there is one, had better have every record.
     */
    private boolean exactWithoutDisk() {
        return config.diskBudgetBytes() == 0
                || config.kvPrecision().recordPrecision() == Precision.FP16
                || config.codec().precision() == Precision.FP16;
    }

    private boolean fitsDevice() {
        long left = config.deviceBudgetBytes() - openBytes - total * chunkBytes;
        if (left < 0) {
            return false;
        }
        clearPlacements();
        place(Placement.DEVICE, left);
        place(Placement.HOST, config.hostBudgetBytes());
        deviceChunks = Math.toIntExact(total);
        passing = 0;
        hostChunks = 0;
        hostPassing = 0;
        return allPlaced();
    }

    private boolean fitsDeviceAndHost() {
        if (!divideDevice()) {
            return false;
        }
        long abstractBytes = place(Placement.HOST, config.hostBudgetBytes());
        hostChunks = Math.toIntExact(total - deviceChunks);
        hostPassing = 0;
        return allPlaced() && (long) hostChunks * hostStride <= config.hostBudgetBytes() - abstractBytes;
    }

    private boolean fitsWithDisk() {
        if (config.diskBudgetBytes() == 0 || chunksPerHead == 0 || !divideDevice()) {
            return false;
        }
        int alignment =
                config.directIo() == DirectIo.OFF ? DiskHeader.BYTES : DiskStore.alignment(config.diskDirectory());
        Placement[] onDevice = placements.clone();
        // Roomy buffers only where they take at most a quarter of the host; if none does, the scarcest.
        for (int[] buffers : BUFFERS) {
            if (fitsWithDisk(alignment, buffers, true)) {
                return true;
            }
            System.arraycopy(onDevice, 0, placements, 0, placements.length);
        }
        return fitsWithDisk(alignment, BUFFERS[BUFFERS.length - 1], false);
    }

    private boolean fitsWithDisk(int alignment, int[] buffers, boolean roomy) {
        long host = config.hostBudgetBytes();
        int largest = geometry(alignment, 1).largestStrideBytes();
        int operation = Math.max(largest, Math.ceilDiv(buffers[1], alignment) * alignment);
        long bufferBytes = Math.max(buffers[0], 4L * largest) + Math.max(buffers[2], operation);
        if (host > 0 && bufferBytes > (roomy ? host / 4 : host)) {
            return false;
        }
        long left = host == 0 ? 0 : host - bufferBytes;
        long abstractBytes = placeWithDisk(left);
        left -= abstractBytes;
        int onDisk =
                (int) Arrays.stream(placements).filter(p -> p == Placement.DISK).count();
        int groupsPerHead = onDisk == 0 ? 0 : AbstractLayout.groups(chunksPerHead);
        DiskGeometry geometry = geometry(alignment, groupsPerHead);
        long fullGroups = (long) onDisk * shape.kvHeads() * (chunksPerHead / AbstractLayout.CHUNKS);
        long fileBytes =
                geometry.headerBytes() + total * geometry.chunkStrideBytes() + fullGroups * geometry.groupStrideBytes();
        if ((left < 0 && (host > 0 || abstractBytes > 0)) || fileBytes > config.diskBudgetBytes()) {
            return false;
        }
        disk = new DiskPlan(
                alignment,
                groupsPerHead,
                fileBytes,
                Math.max(buffers[0], 4L * largest),
                operation,
                Math.max(buffers[2], operation));
        long hostSlots = Math.min(total + passing, left / hostStride);
        // All or none: what stays in the host must not depend on how many slots guesses happen to hold.
        boolean keepsRecords = config.selector() != SelectorKind.FULL && passing <= hostSlots / 2;
        hostPassing = keepsRecords ? passing : 0;
        hostChunks = (int) Math.min(total, hostSlots - hostPassing);
        return true;
    }

    private DiskGeometry geometry(int alignment, int groupsPerHead) {
        return new DiskGeometry(
                shape.layers(),
                shape.kvHeads(),
                chunksPerHead,
                groupsPerHead,
                recordBytes,
                config.abstractPrecision().groupBytes(shape.headDim()),
                alignment);
    }

    /**
     * Places the abstracts that the device has no room for: inner nodes in the host, and as many leaf groups as the abstracts'
     * share of the host holds, alike in all layers, or all if none may lie on disk alone. Returns the bytes of the host that this takes.
     */
    private long placeWithDisk(long hostBytes) {
        int layers = (int) Arrays.stream(placements).filter(p -> p == null).count();
        if (layers == 0) {
            return 0;
        }
        long share = (long) (config.abstractHostShare() * hostBytes) / layers;
        int least = Math.min(leafSlots, shape.kvHeads());
        int each = config.abstractsOnDisk()
                ? (int) Math.max(least, Math.min(leafSlots, (share - upperBytes) / leafSlotBytes))
                : leafSlots;
        passingLeaves = 0;
        if (each < leafSlots && layers > 1) {
            // What one layer does not keep passes through memory that all layers share, if their slots can be spared.
            long sparing = ((share - upperBytes) / leafSlotBytes * layers - leafSlots) / (layers - 1);
            if (sparing >= least) {
                each = (int) Math.min(each, sparing);
                passingLeaves = leafSlots - each;
            }
        }
        for (int layer = 0; layer < placements.length; layer++) {
            if (placements[layer] == null) {
                placements[layer] = each == leafSlots ? Placement.HOST : Placement.DISK;
                slots[layer] = each;
            }
        }
        return layers * (upperBytes + each * leafSlotBytes) + passingLeaves * leafSlotBytes;
    }

    /** Divides the device between abstracts, passing slots and kept chunks; false if there is no room to attend at all. */
    private boolean divideDevice() {
        clearPlacements();
        int smallest = Math.min(shape.kvHeads(), perLayer);
        long left = config.deviceBudgetBytes() - openBytes - (long) smallest * chunkBytes;
        if (config.deviceBudgetBytes() == 0 || left < 0) {
            return false;
        }
        long share = Math.min(left, (long) (config.abstractDeviceShare() * config.deviceBudgetBytes()));
        long abstractBytes = place(Placement.DEVICE, share);
        long slotCount = (config.deviceBudgetBytes() - openBytes - abstractBytes) / chunkBytes;
        if (slotCount >= total) {
            passing = 0;
            deviceChunks = Math.toIntExact(total);
        } else {
            long wanted = config.passingSlots() > 0 ? config.passingSlots() : (long) UNITS * unitWanted();
            passing = (int) Math.max(smallest, Math.min(wanted, slotCount / 2));
            deviceChunks = (int) Math.min(total, slotCount - passing);
        }
        return true;
    }

    /** Chunks that a unit should have: what a layer usually selects, if that is not too little or too much. */
    private long unitWanted() {
        long most = Math.max(LEAST_UNIT, UNIT_BYTES / chunkBytes);
        // Chosen tokens lie scattered: that few chunks have them is not to be expected.
        long usual = config.selector() == SelectorKind.FULL || config.selector().attendsTokens()
                ? most
                : (long) shape.kvHeads()
                        * config.selection().attendedChunks(config.selection().ratio(), chunksPerHead);
        return Math.min(perLayer, Math.max(usual, LEAST_UNIT));
    }

    /** Whether some layer is chosen from by speculation. */
    private boolean speculates() {
        boolean chooses = false;
        for (int layer = Speculation.FULL_LAYERS; layer < shape.layers(); layer++) {
            chooses |= config.selection().ratio(layer) < 1;
        }
        return chooses && chunksPerHead > 0 && config.selector() == SelectorKind.INFINIGEN;
    }

    private void clearPlacements() {
        for (int layer = 0; layer < placements.length; layer++) {
            boolean scored = scored(layer) && chunksPerHead > 0;
            placements[layer] = scored ? null : Placement.NONE;
            slots[layer] = 0;
        }
    }

    /** A layer that attends everything needs no abstracts; adaptive ratios can fall in any. */
    private boolean scored(int layer) {
        if (config.selector() == SelectorKind.INFINIGEN) {
            return speculates() && layer >= Speculation.FULL_LAYERS;
        }
        if (!config.selector().scoresAbstracts()) {
            return false;
        }
        boolean adaptiveRatios = config.selector() == SelectorKind.ADAPTIVE && config.adaptivePartition();
        return config.selection().ratio(layer) < 1
                || (adaptiveRatios && config.selection().ratio() < 1);
    }

    /** Places all abstracts of layers that have no place yet while they fit; returns the bytes taken. */
    private long place(Placement placement, long bytes) {
        long layerBytes = upperBytes + leafSlots * leafSlotBytes;
        long taken = 0;
        for (int layer = 0; layer < placements.length; layer++) {
            if (placements[layer] == null && layerBytes <= bytes - taken) {
                placements[layer] = placement;
                slots[layer] = leafSlots;
                taken += layerBytes;
            }
        }
        return taken;
    }

    private boolean allPlaced() {
        return !Arrays.asList(placements).contains(null);
    }

    private KvPlan result(Mode mode) {
        List<LayerPlan> layers = new ArrayList<>();
        for (int layer = 0; layer < shape.layers(); layer++) {
            layers.add(new LayerPlan(placements[layer], slots[layer]));
        }
        boolean outside = mode == Mode.DISK && config.hostBudgetBytes() == 0;
        KvPlan plan = new KvPlan(
                shape,
                contextTokens,
                chunksPerHead,
                mode,
                deviceChunks,
                passing,
                passing == 0 ? Math.max(1, perLayer) : Math.max(1, passing / UNITS),
                hostChunks,
                hostPassing,
                recordBytes,
                layers,
                mode == Mode.DISK ? passingLeaves : 0,
                partialChannels,
                mode == Mode.DISK ? disk : DiskPlan.NONE,
                outside,
                List.of());
        return PlanRows.describe(plan, config.abstractPrecision());
    }
}
