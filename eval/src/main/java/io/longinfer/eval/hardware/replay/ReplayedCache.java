package io.longinfer.eval.hardware.replay;

import io.longinfer.eval.hardware.trace.TraceHeader;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.ClosedChunks;
import io.longinfer.kernels.device.CpuKernels;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.codec.ChunkCodec;
import io.longinfer.kvcache.codec.Codec;
import io.longinfer.kvcache.codec.Precision;
import io.longinfer.kvcache.pipeline.CodecPolicy;
import io.longinfer.kvcache.pipeline.UnitCutter;
import io.longinfer.kvcache.selection.Selection;
import io.longinfer.kvcache.tier.ChunkTable;
import io.longinfer.kvcache.tier.HostTier;
import io.longinfer.kvcache.tier.Residency;
import io.longinfer.kvcache.tier.SlotMap;
import io.longinfer.kvcache.tier.TierCounters;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/** The placement of one sequence without its bytes. Used by one thread. */
final class ReplayedCache implements AutoCloseable {
    /** Chunks are as small as they can be: nobody reads them. */
    private static final ChunkLayout LAYOUT = new ChunkLayout(8);

    /** How a chunk that the device does not keep is brought. */
    private static final byte NOT = 0;

    private static final byte FROM_HOST = 1;
    private static final byte FROM_DISK = 2;
    private static final byte PREFIX = 3;

    private final Capacities capacities;
    private final ChunkTable chunks;
    private final Residency residency;
    private final TierCounters counters;
    private final UnitCutter cutter;
    private final CodecPolicy policy;

    /** {@code [ids]}: how a chunk was brought on the guess for its layer. */
    private final byte[] ahead;

    /** {@code [ids]}: how a chunk was brought that the layer at hand attends. */
    private final byte[] passing;

    private int[] aheadIds = new int[64];
    private int aheadCount;
    private int aheadLayer = SlotMap.NONE;
    private MoveCount aheadMoves;

    /** What was read ahead for the layer at hand and waits for a unit behind those in flight. */
    private int aheadHeld;

    // The layer at hand.
    private int layer;
    private boolean decoding;
    private Selection selection;
    private int unitCount;

    ReplayedCache(TraceHeader header, KvConfig config, Capacities capacities) {
        this.capacities = capacities;
        chunks = new ChunkTable(
                header.shape().layers(),
                header.shape().kvHeads(),
                Math.max(1, header.contextTokens() / ChunkLayout.TOKENS),
                config.selection().sinkChunks(),
                config.selection().recentChunks(),
                config.importanceDecay());
        counters = new TierCounters(header.shape().layers());
        // What moves between tiers keeps its numbers or not; nothing else of a codec matters to placement.
        Precision precision = capacities.codec().precision() == Precision.FP16 ? Precision.FP16 : Precision.INT8;
        ChunkCodec codec = new ChunkCodec(
                LAYOUT, new Codec(precision, false), CpuKernels.fastest().quantization());
        residency = new Residency(
                chunks,
                new NoPool(LAYOUT, capacities.deviceChunks() + 1),
                capacities.deviceChunks(),
                new HostTier(capacities.hostChunks() + 1, codec.maxSizeBytes()),
                capacities.hostChunks(),
                1,
                codec,
                capacities.backed(),
                counters);
        cutter = new UnitCutter(header.shape().kvHeads(), capacities.unitChunks());
        policy = new CodecPolicy(capacities.codec().precision() == Precision.INT8, (float) capacities.coarseMass());
        ahead = new byte[chunks.ids()];
        passing = new byte[chunks.ids()];
        aheadMoves = new MoveCount(capacities.records());
        selection = new Selection(chunks.kvHeads(), 0);
    }

    int chunksPerHead() {
        return chunks.chunksPerHead();
    }

    void close(int ofLayer, int count) {
        int first = chunks.closed(ofLayer);
        MemorySegment memory =
                MemorySegment.ofArray(new short[chunks.kvHeads() * count * LAYOUT.sizeBytes() / Short.BYTES]);
        ClosedChunks closed = new ClosedChunks(first, count, memory, (long) count * LAYOUT.sizeBytes());
        chunks.close(ofLayer, count);
        residency.append(ofLayer, closed, closed);
    }

    /** A prompt's token attends a layer: nothing moves to stay. */
    void observe(int ofLayer, Selection attended) {
        layer = ofLayer;
        selection = attended;
        decoding = false;
    }

    /** Brings what the guess selects and the device has not, as far as there is room. */
    void guess(int ofLayer, Selection guess) {
        clearAhead();
        if (!capacities.readsAhead()) {
            return;
        }
        aheadLayer = ofLayer;
        int capacity = Math.max(0, capacities.passingSlots() - 2 * capacities.unitChunks() - aheadHeld);
        boolean more = capacity > 0;
        for (int place = 0; more && aheadCount < cutter.unitChunks(); place++) {
            more = false;
            for (int head = 0; head < chunks.kvHeads() && aheadCount < capacity; head++) {
                if (place < guess.size(head)) {
                    more = true;
                    guess(chunks.id(ofLayer, head, guess.chunk(head, place)));
                }
            }
        }
    }

    private void guess(int id) {
        boolean hosted = residency.host().holds(id);
        if (residency.device().holds(id) || (hosted && !capacities.linkedHost())) {
            return;
        }
        if (aheadCount == aheadIds.length) {
            aheadIds = Arrays.copyOf(aheadIds, 2 * aheadCount);
        }
        aheadIds[aheadCount++] = id;
        ahead[id] = bring(id, aheadMoves);
    }

    private byte bring(int id, MoveCount moves) {
        if (residency.host().holds(id)) {
            moves.fromHost();
            return FROM_HOST;
        }
        boolean prefixOnly = policy.prefixOnly(chunks, id);
        moves.fromDisk(id, prefixOnly);
        return prefixOnly ? PREFIX : FROM_DISK;
    }

    private void clearAhead() {
        for (int i = 0; i < aheadCount; i++) {
            ahead[aheadIds[i]] = NOT;
        }
        aheadCount = 0;
        aheadLayer = SlotMap.NONE;
        aheadMoves = new MoveCount(capacities.records());
    }

    /** A decoding step's layer attends chunks: what that moves, but for what making room will cost. */
    LayerLoad select(int ofLayer, Selection selected, long tokens) {
        layer = ofLayer;
        selection = selected;
        decoding = true;
        unitCount = cutter.cut(selected);
        boolean guessed = aheadLayer == ofLayer;
        if (!guessed) {
            clearAhead();
        }
        MoveCount demand = new MoveCount(capacities.records());
        long[] counts = new long[4];
        aheadHeld = 0;
        long hits = 0;
        long pinned = 0;
        for (int unit = 0; unit < unitCount; unit++) {
            demand.endBatch();
            for (int head = cutter.firstHead(unit); head < cutter.endHead(unit); head++) {
                int to = cutter.to(unit, head, selected);
                for (int i = cutter.from(unit); i < to; i++) {
                    int id = chunks.id(ofLayer, head, selected.chunk(head, i));
                    if (residency.device().holds(id)) {
                        hits++;
                        pinned += chunks.pinned(id) ? 1 : 0;
                    } else if (usable(id)) {
                        counts[ahead[id]]++;
                        aheadHeld += unit < unitsInFlight() ? 0 : 1;
                        passing[id] = ahead[id];
                    } else {
                        passing[id] = bring(id, demand);
                    }
                }
            }
        }
        Moves guess = aheadMoves.moves();
        Moves used = part(guess, counts[FROM_HOST], counts[FROM_DISK], counts[PREFIX]);
        Moves wasted = guess.plus(used.times(-1));
        return new LayerLoad(
                (double) chunks.closed(ofLayer) * chunks.kvHeads(),
                pinned,
                hits,
                tokens,
                demand.moves(),
                used,
                wasted,
                0,
                0,
                0,
                guessed);
    }

    /** A part of what was read ahead, with as large a part of the reads. */
    private static Moves part(Moves guess, long fromHost, long fromDisk, long prefixes) {
        double read = guess.fromDisk() + guess.prefixes();
        double share = read == 0 ? 0 : (fromDisk + prefixes) / read;
        return new Moves(fromHost, fromDisk, prefixes, guess.operations() * share, guess.gapBytes() * share);
    }

    /** Whether what was read ahead is used; a record that the host has dropped since is brought again. */
    private boolean usable(int id) {
        return ahead[id] != NOT && (ahead[id] != FROM_HOST || residency.host().holds(id));
    }

    /** The layer has been attended: learns what mattered, and lets chunks stay where they deserve to. */
    void finish(int[][] permille, List<LayerLoad> step) {
        for (int head = 0; head < permille.length; head++) {
            for (int i = 0; i < permille[head].length; i++) {
                float mass = permille[head][i] / 1000f / chunks.closed(layer);
                chunks.attended(chunks.id(layer, head, selection.chunk(head, i)), mass);
            }
        }
        if (decoding) {
            long before = counters.demotions;
            admit();
            step.set(step.size() - 1, step.getLast().withKept(counters.demotions - before));
            decoding = false;
        }
        if (layer == chunks.layers() - 1) {
            residency.endStep();
        }
    }

    /** Chunks of the last units stay where they deserve to. */
    private void admit() {
        int last = Math.max(0, unitCount - unitsInFlight());
        for (int unit = 0; unit < unitCount; unit++) {
            for (int head = cutter.firstHead(unit); head < cutter.endHead(unit); head++) {
                int to = cutter.to(unit, head, selection);
                for (int i = cutter.from(unit); i < to; i++) {
                    int id = chunks.id(layer, head, selection.chunk(head, i));
                    if (unit >= last && (passing[id] == FROM_HOST || passing[id] == FROM_DISK)) {
                        admit(id, passing[id] == FROM_DISK && capacities.keepsRecords());
                    }
                    passing[id] = NOT;
                }
            }
        }
    }

    private int unitsInFlight() {
        return capacities.passingSlots() >= 2 * capacities.unitChunks() ? 2 : 1;
    }

    private void admit(int id, boolean withRecord) {
        int deviceSlot = residency.device().lease();
        int hostSlot = withRecord ? residency.host().lease() : SlotMap.NONE;
        residency.admit(id, deviceSlot, hostSlot);
        if (residency.leftDeviceSlot() != SlotMap.NONE) {
            residency.device().giveBack(residency.leftDeviceSlot());
        }
        if (residency.leftHostSlot() != SlotMap.NONE) {
            residency.host().giveBack(residency.leftHostSlot());
        }
    }

    @Override
    public void close() {
        residency.close();
    }
}
