package io.longinfer.kvcache;

import io.longinfer.kernels.abstracts.AbstractLayout;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kvcache.KvPlan.DiskPlan;
import io.longinfer.kvcache.KvPlan.LayerPlan;
import io.longinfer.kvcache.KvPlan.Mode;
import io.longinfer.kvcache.abstracts.Placement;
import io.longinfer.kvcache.disk.DirectIo;
import io.longinfer.kvcache.disk.DiskGeometry;
import io.longinfer.kvcache.disk.DiskHeader;
import io.longinfer.kvcache.disk.DiskStore;
import io.longinfer.kvcache.selection.SelectorKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** The arithmetic behind {@link KvPlan}: tries the device alone, then device and host, then the disk. */
final class Planner {
    /** Passing slots that let a wave of any head be worth its call: per KV head, and at least. */
    private static final int WAVE_PER_HEAD = 8;

    private static final int WAVE = 32;

    private final DecoderShape shape;
    private final int contextTokens;
    private final KvConfig config;
    private final int chunksPerHead;
    private final int perLayer;
    private final long chunkBytes;
    private final int groups;
    private final int groupBytes;
    private final long layerAbstractBytes;
    private final long openBytes;

    private final Placement[] placements;
    private int[] deviceChunks;
    private int[] hostChunks;
    private int transientSlots;
    private DiskPlan disk = DiskPlan.NONE;

    private Planner(DecoderShape shape, int contextTokens, KvConfig config) {
        this.shape = shape;
        this.contextTokens = contextTokens;
        this.config = config;
        chunksPerHead = contextTokens / ChunkLayout.TOKENS;
        perLayer = Math.multiplyExact(chunksPerHead, shape.kvHeads());
        chunkBytes = new ChunkLayout(shape.headDim()).sizeBytes();
        groups = AbstractLayout.groups(chunksPerHead);
        groupBytes = new AbstractLayout(shape.headDim()).groupBytes();
        layerAbstractBytes = (long) shape.kvHeads() * groups * groupBytes;
        openBytes = (long) shape.layers() * shape.kvHeads() * chunkBytes;
        placements = new Placement[shape.layers()];
        deviceChunks = new int[shape.layers()];
        hostChunks = new int[shape.layers()];
    }

    /** A plan, or nothing if it does not fit. */
    static Optional<KvPlan> plan(DecoderShape shape, int contextTokens, KvConfig config) {
        Planner planner = new Planner(shape, contextTokens, config);
        if (planner.fitsDevice()) {
            return Optional.of(planner.result(Mode.DEVICE));
        }
        if (planner.fitsDeviceAndHost()) {
            return Optional.of(planner.result(Mode.DEVICE_HOST));
        }
        return planner.fitsWithDisk() ? Optional.of(planner.result(Mode.DISK)) : Optional.empty();
    }

    private boolean fitsDevice() {
        long chunks = (long) shape.layers() * perLayer * chunkBytes;
        long left = config.deviceBudgetBytes() - openBytes - chunks;
        if (left < 0) {
            return false;
        }
        clearPlacements();
        long abstractBytes = place(Placement.DEVICE, left);
        Arrays.fill(deviceChunks, perLayer);
        Arrays.fill(hostChunks, 0);
        transientSlots = 0;
        return place(Placement.HOST, config.hostBudgetBytes()) >= 0 && allPlaced() && abstractBytes >= 0;
    }

    private boolean fitsDeviceAndHost() {
        if (!divideDevice()) {
            return false;
        }
        long abstractBytes = place(Placement.HOST, config.hostBudgetBytes());
        long chunks = 0;
        for (int layer = 0; layer < shape.layers(); layer++) {
            hostChunks[layer] = perLayer - deviceChunks[layer];
            chunks += hostChunks[layer];
        }
        return allPlaced() && chunks * chunkBytes <= config.hostBudgetBytes() - abstractBytes;
    }

    private boolean fitsWithDisk() {
        if (config.diskBudgetBytes() == 0 || chunksPerHead == 0 || !divideDevice()) {
            return false;
        }
        int alignment =
                config.directIo() == DirectIo.OFF ? DiskHeader.BYTES : DiskStore.alignment(config.diskDirectory());
        // Roomy buffers where they take at most a quarter of the host, else as little as works.
        return fitsWithDisk(alignment, true) || fitsWithDisk(alignment, false);
    }

    private boolean fitsWithDisk(int alignment, boolean roomy) {
        long host = config.hostBudgetBytes();
        for (int layer = 0; layer < placements.length; layer++) {
            placements[layer] = placements[layer] == Placement.DEVICE ? Placement.DEVICE : unplaced(layer);
        }
        DiskPlan plan = buffers(alignment, roomy, 0);
        if (host > 0 && plan.bufferBytes() > (roomy ? host / 4 : host)) {
            return false;
        }
        long abstractBytes = place(Placement.HOST, host - (host > 0 ? plan.bufferBytes() : 0));
        int onDisk = Collections.frequency(Arrays.asList(placements), null);
        if (onDisk > 0) {
            plan = buffers(alignment, roomy, onDisk);
            place(Placement.DISK, Long.MAX_VALUE);
        }
        long left = host - abstractBytes - (host > 0 ? plan.bufferBytes() : 0);
        if (left < 0 || plan.fileBytes() > config.diskBudgetBytes()) {
            return false;
        }
        disk = plan;
        hostChunks = distribute(left / chunkBytes);
        return true;
    }

    private DiskPlan buffers(int alignment, boolean roomy, int abstractLayers) {
        int diskGroups = abstractLayers == 0 ? 0 : groups;
        DiskGeometry geometry = new DiskGeometry(
                shape.layers(), shape.kvHeads(), chunksPerHead, diskGroups, (int) chunkBytes, groupBytes, alignment);
        long fullGroups = (long) abstractLayers * shape.kvHeads() * (chunksPerHead / AbstractLayout.CHUNKS);
        int ring = roomy ? 256 : 16;
        int run = roomy ? 8 : 2;
        int piece = abstractLayers == 0 ? 0 : Math.min(groups, roomy ? 16 : 2);
        long buffers = (ring + (long) config.ioThreads() * run) * geometry.largestStrideBytes()
                + (long) shape.kvHeads() * (piece + abstractLayers) * groupBytes;
        long fileBytes = geometry.headerBytes()
                + (long) shape.layers() * perLayer * geometry.chunkStrideBytes()
                + fullGroups * geometry.groupStrideBytes();
        return new DiskPlan(alignment, diskGroups, fileBytes, ring, run, piece, buffers);
    }

    /** Divides the device between abstracts, passing slots and kept chunks; false if there is no room to attend at all. */
    private boolean divideDevice() {
        clearPlacements();
        int smallest = Math.min(shape.kvHeads(), perLayer);
        long left = config.deviceBudgetBytes() - openBytes - (long) shape.layers() * smallest * chunkBytes;
        if (config.deviceBudgetBytes() == 0 || left < 0) {
            return false;
        }
        long share = Math.min(left, (long) (config.abstractDeviceShare() * config.deviceBudgetBytes()));
        long abstractBytes = place(Placement.DEVICE, share);
        long slots = (config.deviceBudgetBytes() - openBytes - abstractBytes) / chunkBytes;
        if (slots >= (long) shape.layers() * perLayer) {
            transientSlots = 0;
        } else {
            int wanted = config.transientSlots() > 0
                    ? config.transientSlots()
                    : Math.max(WAVE, WAVE_PER_HEAD * shape.kvHeads());
            long half = slots / shape.layers() / 2;
            transientSlots = (int) Math.min(perLayer, Math.max(smallest, Math.min(wanted, half)));
        }
        deviceChunks = distribute(slots - (long) shape.layers() * transientSlots);
        return true;
    }

    private void clearPlacements() {
        for (int layer = 0; layer < placements.length; layer++) {
            placements[layer] = unplaced(layer);
        }
    }

    /** A layer that attends everything needs no abstracts; {@code null} stands for not yet placed. */
    private Placement unplaced(int layer) {
        boolean scored =
                config.selector() != SelectorKind.FULL && config.selection().ratio(layer) < 1 && chunksPerHead > 0;
        return scored ? null : Placement.NONE;
    }

    /** Places the abstracts of layers that have no place yet while they fit; returns the bytes taken. */
    private long place(Placement placement, long bytes) {
        long taken = 0;
        for (int layer = 0; layer < placements.length; layer++) {
            if (placements[layer] == null && layerAbstractBytes <= bytes - taken) {
                placements[layer] = placement;
                taken += layerAbstractBytes;
            }
        }
        return taken;
    }

    private boolean allPlaced() {
        return !Arrays.asList(placements).contains(null);
    }

    /** Divides slots between layers in proportion to what a full context would attend there. */
    private int[] distribute(long slots) {
        int layers = shape.layers();
        int[] given = new int[layers];
        long left = Math.min(slots, (long) layers * perLayer);
        while (left > 0) {
            long weights = 0;
            for (int layer = 0; layer < layers; layer++) {
                weights += given[layer] < perLayer ? weight(layer) : 0;
            }
            long round = left;
            for (int layer = 0; layer < layers && left > 0; layer++) {
                if (given[layer] < perLayer) {
                    // At least one, so that every round makes progress.
                    long share = Math.max(1, (long) ((double) round * weight(layer) / weights));
                    int more = (int) Math.min(Math.min(share, left), perLayer - given[layer]);
                    given[layer] += more;
                    left -= more;
                }
            }
        }
        return given;
    }

    private int weight(int layer) {
        return config.selector() == SelectorKind.FULL
                ? chunksPerHead
                : Math.max(1, config.selection().attendedChunks(layer, chunksPerHead));
    }

    private KvPlan result(Mode mode) {
        List<LayerPlan> layers = new ArrayList<>();
        for (int layer = 0; layer < shape.layers(); layer++) {
            int passing = deviceChunks[layer] == perLayer ? 0 : transientSlots;
            layers.add(new LayerPlan(deviceChunks[layer], passing, hostChunks[layer], placements[layer]));
        }
        boolean outside = mode == Mode.DISK && config.hostBudgetBytes() == 0;
        DiskPlan diskPlan = mode == Mode.DISK ? disk : DiskPlan.NONE;
        PlanRows rows = new PlanRows(shape, contextTokens, layers);
        return new KvPlan(
                shape, contextTokens, chunksPerHead, mode, layers, diskPlan, outside, rows.of(diskPlan, outside));
    }
}
