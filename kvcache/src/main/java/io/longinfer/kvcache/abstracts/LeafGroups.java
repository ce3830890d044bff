package io.longinfer.kvcache.abstracts;

import io.longinfer.kernels.abstracts.AbstractKernels;
import io.longinfer.kernels.abstracts.AbstractLayout;
import io.longinfer.kernels.abstracts.AbstractPrecision;
import io.longinfer.kernels.abstracts.ByteAbstractLayout;
import io.longinfer.kernels.abstracts.TokenCodeLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.Arrays;
import java.util.Optional;

/**
 * The abstracts of the leaves of one layer, in groups of 16 chunks (256 tokens). The group that grows lies in memory, in fp16;
 * full ones in {@code slots} slots of memory, backed by the disk if there are fewer slots than groups. The slot that is given up
 * for another is the one least used of late; among equals the newest, so that a scan does not wash everything out.
 *
 * <p>Memory is the caller's. {@link #score} may run at once for different KV heads; all else is for one thread.
 */
final class LeafGroups {
    private static final int NONE = -1;
    private static final float KEEP = 0.9f;

    private final int layer;
    private final int groups;
    private final AbstractPrecision precision;
    private final AbstractLayout halves;
    private final ByteAbstractLayout bytes;
    private final AbstractKernels kernels;
    private final Optional<LeafDisk> disk;
    private final Optional<PassingLeaves> passing;
    private final int slots;
    private final int groupBytes;
    private final TokenCodeLayout codes;
    private final MemorySegment open;

    /** {@code [kvHeads]}: codes of the groups that grow, if there are codes. */
    private final MemorySegment openCodes;

    /** {@code [kvHeads]}: the first groups once they are full, whatever slots hold. */
    private final MemorySegment firsts;

    private final MemorySegment full;

    /** {@code [kvHeads * groups]}: the slot of a group, or NONE. */
    private final int[] slotOf;

    /** {@code [slots]}: the group of a slot, or NONE. */
    private final int[] groupOf;

    /** {@code [kvHeads * groups]}: decayed uses. */
    private final float[] uses;

    /** {@code [kvHeads * groups]}: the last step that scored it. */
    private final long[] scoredIn;

    /** {@code [kvHeads * groups]}: where it passes through in the step at hand, or NONE. */
    private final int[] passingAt;

    private final long[] loadedAt;
    private final boolean[] loading;
    private final Optional<LeafDisk.Batch> batch;
    private final int[] incoming;
    private final int[] sealed;
    private int used;
    private int wanted;
    private int passingCount;
    private long step;
    private long clock;
    private long readGroups;

    LeafGroups(
            int layer,
            int headDim,
            int kvHeads,
            int groups,
            int slots,
            AbstractPrecision precision,
            AbstractKernels kernels,
            Optional<LeafDisk> disk,
            Optional<PassingLeaves> passing,
            SegmentAllocator allocator) {
        this.layer = layer;
        this.groups = groups;
        this.precision = precision;
        this.kernels = kernels;
        this.disk = disk;
        this.slots = Math.min(slots, kvHeads * groups);
        boolean all = this.slots == kvHeads * groups;
        this.passing = all ? Optional.empty() : passing;
        batch = all ? Optional.empty() : disk.map(d -> d.batch(this::load));
        if (this.slots < kvHeads * groups && (disk.isEmpty() || this.slots < 1)) {
            throw new IllegalArgumentException("layer " + layer + " has " + slots + " slots for " + kvHeads * groups
                    + " groups of abstracts; fewer than all need a disk, and one slot at least");
        }
        halves = new AbstractLayout(headDim);
        bytes = new ByteAbstractLayout(headDim);
        groupBytes = precision.groupBytes(headDim);
        codes = new TokenCodeLayout(headDim);
        open = allocator.allocate((long) kvHeads * halves.groupBytes(), 64);
        openCodes = allocator.allocate(hasCodes() ? (long) kvHeads * codes.groupBytes() : 0, 64);
        firsts = allocator.allocate((long) kvHeads * groupBytes, 64);
        full = allocator.allocate((long) this.slots * groupBytes, 64);
        slotOf = new int[kvHeads * groups];
        groupOf = new int[this.slots];
        uses = new float[kvHeads * groups];
        scoredIn = new long[kvHeads * groups];
        passingAt = new int[kvHeads * groups];
        loadedAt = new long[this.slots];
        loading = new boolean[this.slots];
        incoming = new int[this.slots];
        sealed = new int[kvHeads];
        reset();
    }

    /** The group that grows, fp16. */
    MemorySegment open() {
        return open;
    }

    long openOffset(int kvHead) {
        return (long) kvHead * halves.groupBytes();
    }

    private boolean hasCodes() {
        return precision == AbstractPrecision.TOKENS;
    }

    /** Bytes that heads of a layer always take in memory. */
    static long fixedBytes(int headDim, int kvHeads, AbstractPrecision precision) {
        long codeBytes = precision == AbstractPrecision.TOKENS ? new TokenCodeLayout(headDim).groupBytes() : 0;
        return kvHeads * (new AbstractLayout(headDim).groupBytes() + codeBytes + precision.groupBytes(headDim));
    }

    /** Writes the codes of a chunk of the open group, if there are codes. */
    void encode(int kvHead, MemorySegment chunk, long chunkOffset, int index) {
        if (hasCodes()) {
            codes.encode(chunk, chunkOffset, openCodes, (long) kvHead * codes.groupBytes(), index);
        }
    }

    /** Moves the open group of a head, now full, to where full groups lie; {@code sealedTo} takes its bytes. */
    void seal(int kvHead, int group, MemorySegment sealedTo) {
        if (precision == AbstractPrecision.FP16) {
            MemorySegment.copy(open, openOffset(kvHead), sealedTo, 0, groupBytes);
        } else {
            bytes.encode(open, openOffset(kvHead), sealedTo, 0);
        }
        if (hasCodes()) {
            long from = (long) kvHead * codes.groupBytes();
            MemorySegment.copy(openCodes, from, sealedTo, bytes.groupBytes(), codes.groupBytes());
        }
        if (group == 0) {
            MemorySegment.copy(sealedTo, 0, firsts, (long) kvHead * groupBytes, groupBytes);
        }
        open.asSlice(openOffset(kvHead), halves.groupBytes()).fill((byte) 0);
        if (slots < slotOf.length) {
            disk.orElseThrow().write(layer, kvHead, group, sealedTo, 0);
        }
        if (used < slots) {
            int slot = used++;
            MemorySegment.copy(sealedTo, 0, full, (long) slot * groupBytes, groupBytes);
            put(slot, kvHead * groups + group);
        }
        sealed[kvHead] = group + 1;
    }

    private void put(int slot, int id) {
        if (groupOf[slot] != NONE) {
            slotOf[groupOf[slot]] = NONE;
        }
        groupOf[slot] = id;
        slotOf[id] = slot;
        loadedAt[slot] = ++clock;
    }

    boolean resident(int kvHead, int group) {
        int id = kvHead * groups + group;
        return group >= sealed[kvHead] || slotOf[id] != NONE || passingAt[id] != NONE;
    }

    /** Most groups that {@link #fetch} brings at once. */
    int slots() {
        return slots;
    }

    /** Scores of the 16 leaves of a resident group, {@code [heads][stride]}. */
    void score(int kvHead, int group, boolean use, float[] q, int qOffset, int heads, float[] scores, int stride) {
        if (group >= sealed[kvHead]) {
            scoreOpen(kvHead, q, qOffset, heads, scores, stride);
            return;
        }
        int id = kvHead * groups + group;
        if (use) {
            uses[id]++;
            scoredIn[id] = step;
        }
        int slot = slotOf[id];
        if (slot != NONE) {
            scoreFull(full, (long) slot * groupBytes, q, qOffset, heads, scores, stride);
        } else {
            PassingLeaves leaves = passing.orElseThrow();
            scoreFull(leaves.memory(), leaves.offset(passingAt[id]), q, qOffset, heads, scores, stride);
        }
    }

    /** The same of the group that grows; entries of chunks that do not exist yet are meaningless. */
    void scoreOpen(int kvHead, float[] q, int qOffset, int heads, float[] scores, int stride) {
        if (hasCodes()) {
            long at = (long) kvHead * codes.groupBytes();
            kernels.tokenScores(halves, open, openOffset(kvHead), openCodes, at, q, qOffset, heads, scores, stride);
        } else {
            kernels.upperBounds(halves, open, openOffset(kvHead), 1, q, qOffset, heads, scores, 0, stride);
        }
    }

    private void scoreFull(
            MemorySegment memory, long at, float[] q, int qOffset, int heads, float[] scores, int stride) {
        switch (precision) {
            case FP16 -> kernels.upperBounds(halves, memory, at, 1, q, qOffset, heads, scores, 0, stride);
            case INT8 -> kernels.upperBounds(bytes, memory, at, 1, q, qOffset, heads, scores, 0, stride);
            case TOKENS -> {
                long codesAt = at + bytes.groupBytes();
                kernels.tokenScores(bytes, memory, at, memory, codesAt, q, qOffset, heads, scores, stride);
            }
        }
    }

    /** The same of the first group, once it is full; it need not be resident. */
    void scoreFirst(int kvHead, float[] q, int qOffset, int heads, float[] scores, int stride) {
        scoreFull(firsts, (long) kvHead * groupBytes, q, qOffset, heads, scores, stride);
    }

    /** Starts a step: what passes through for it can be scored from now on. */
    void beginStep() {
        step++;
        if (passing.isEmpty()) {
            return;
        }
        if (passingCount > 0) { // of a step that failed
            Arrays.fill(passingAt, NONE);
            passingCount = 0;
        }
        passingCount = passing.get().await(layer);
        readGroups += passingCount;
        for (int i = 0; i < passingCount; i++) {
            passingAt[passing.get().id(i)] = i;
        }
    }

    /** Adds a group to those that {@link #fetch} brings; at most {@link #slots} of them, none of them resident. */
    void want(int kvHead, int group) {
        int slot = used < slots ? used++ : victim();
        put(slot, kvHead * groups + group);
        loading[slot] = true;
        batch.orElseThrow().want(layer, kvHead, group, slot);
        incoming[wanted++] = slot;
    }

    /** Reads what is wanted from disk, in one batch. */
    void fetch() {
        boolean done = false;
        try {
            batch.orElseThrow().start();
            batch.orElseThrow().await();
            readGroups += wanted;
            done = true;
        } finally {
            for (int i = 0; i < wanted; i++) {
                int slot = incoming[i];
                loading[slot] = false;
                if (!done) { // nobody may take what lies there for the group
                    slotOf[groupOf[slot]] = NONE;
                    groupOf[slot] = NONE;
                }
            }
            wanted = 0;
        }
    }

    private void load(int slot, MemorySegment source, long offset) {
        MemorySegment.copy(source, offset, full, (long) slot * groupBytes, groupBytes);
    }

    private int victim() {
        int best = NONE;
        for (int slot = 0; slot < slots; slot++) {
            if (!loading[slot]
                    && (best == NONE
                            || uses(slot) < uses(best)
                            || (uses(slot) == uses(best) && loadedAt[slot] > loadedAt[best]))) {
                best = slot;
            }
        }
        return best;
    }

    private float uses(int slot) {
        return groupOf[slot] == NONE ? -1 : uses[groupOf[slot]];
    }

    /** Ends a step: what passed through takes the slots of what was used less, and uses of the past count less. */
    void endStep() {
        if (slots == slotOf.length) {
            return;
        }
        if (passingCount > 0) {
            keepPassing(passing.orElseThrow());
        }
        for (int id = 0; id < uses.length; id++) {
            uses[id] *= KEEP;
        }
    }

    private void keepPassing(PassingLeaves leaves) {
        int slot = victim();
        for (int i = 0; i < passingCount; i++) {
            int id = leaves.id(i);
            passingAt[id] = NONE;
            if (uses(slot) < uses[id]) {
                MemorySegment.copy(leaves.memory(), leaves.offset(i), full, (long) slot * groupBytes, groupBytes);
                put(slot, id);
                slot = victim();
            }
        }
        passingCount = 0;
    }

    /** Starts to read what the last step scored and has no slot, for the next step of this layer. */
    void readAhead() {
        if (passing.isEmpty() || step == 0) {
            return;
        }
        PassingLeaves leaves = passing.get();
        leaves.forget();
        int count = 0;
        for (int id = 0; id < uses.length && count < leaves.slots(); id++) {
            if (scoredIn[id] == step && slotOf[id] == NONE) {
                leaves.add(layer, id, id / groups, id % groups);
                count++;
            }
        }
        leaves.start(layer);
    }

    /** Groups read from disk so far. */
    long readGroups() {
        return readGroups;
    }

    void resetCounts() {
        readGroups = 0;
    }

    int groupBytes() {
        return groupBytes;
    }

    void reset() {
        Arrays.fill(slotOf, NONE);
        Arrays.fill(groupOf, NONE);
        Arrays.fill(uses, 0);
        Arrays.fill(scoredIn, 0);
        Arrays.fill(passingAt, NONE);
        Arrays.fill(loading, false);
        Arrays.fill(sealed, 0);
        open.fill((byte) 0);
        used = 0;
        wanted = 0;
        passingCount = 0;
        step = 0;
        clock = 0;
        readGroups = 0;
    }
}
