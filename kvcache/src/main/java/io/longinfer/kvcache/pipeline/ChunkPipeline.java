package io.longinfer.kvcache.pipeline;

import io.longinfer.kernels.device.BlockTable;
import io.longinfer.kernels.device.DeviceSession;
import io.longinfer.kvcache.selection.Selection;
import io.longinfer.kvcache.tier.ChunkTable;
import io.longinfer.kvcache.tier.Residency;
import io.longinfer.kvcache.tier.SlotMap;
import io.longinfer.kvcache.tier.TierCounters;
import java.util.Arrays;
import java.util.Optional;

/**
 * Brings selected chunks to the device and has them attended (DTP, system.md section 4). A layer's selection is cut into units;
 * while one is attended the next one's chunks are on their way, and behind them those that the next layer is guessed to select.
 * What the guess missed is fetched on demand, and a unit is always attended as a whole and in the order of its chunks: results
 * do not depend, to the bit, on guesses, on time, or on where a chunk lay.
 *
 * <p>Per layer: {@link #prepare}, {@link #readAhead} of the next layer if wanted, {@link #attend}, and when the session has
 * finished the layer {@link #settle}. Used by one thread; failures of I/O threads are thrown at its calls.
 */
public final class ChunkPipeline {
    /** Units in flight: one is attended, the next one comes. */
    static final int UNITS = 2;

    private final ChunkTable chunks;
    private final Residency residency;
    private final Staging staging;
    private final TierCounters counters;
    private final UnitCutter cutter;
    private final int unitsInFlight;
    private final Unit[] units = new Unit[UNITS];
    private final ReadAhead[] aheads = new ReadAhead[2];

    /** {@code [ids]}: entry in what is read ahead for the chunk's layer, or NONE. */
    private final int[] aheadEntry;

    /** What was read ahead for the layer at hand; the other one of {@link #aheads} is for the next. */
    private ReadAhead current;

    private Selection selection;
    private int layer = SlotMap.NONE;
    private boolean decoding;
    private int unitCount;
    private int started;
    private int attended;

    /** What a selected chunk of the layer at hand can be asked about. */
    @FunctionalInterface
    public interface Listener {
        /** Names a chunk: entry {@code index} of {@code kvHead}'s table in the {@code call}-th call of attend. */
        void attended(int kvHead, int chunk, int call, int index);
    }

    /** What is told of chunks while they are on the device. */
    @FunctionalInterface
    public interface Visitor {
        /** Names a chunk that has just been attended, and the slot in which it lies during this call. */
        void visit(int kvHead, int chunk, int slot);
    }

    /** What wants to see chunks without a session. */
    @FunctionalInterface
    public interface Arrival {
        /** Names chunks that lie in their slots during this call. */
        void arrived(BlockTable table);
    }

    /**
     * A pipeline for one sequence.
     *
     * @param unitChunks most chunks of a unit
     * @param readAhead whether the next layer's chunks are guessed and read ahead
     */
    public ChunkPipeline(
            ChunkTable chunks,
            Residency residency,
            Staging staging,
            int unitChunks,
            boolean readAhead,
            TierCounters counters) {
        this.chunks = chunks;
        this.residency = residency;
        this.staging = staging;
        this.counters = counters;
        cutter = new UnitCutter(chunks.kvHeads(), unitChunks);
        unitsInFlight = staging.slots() >= UNITS * unitChunks ? UNITS : 1;
        int capacity = readAhead ? Math.max(0, staging.slots() - UNITS * unitChunks) : 0;
        for (int i = 0; i < UNITS; i++) {
            units[i] = new Unit(chunks.kvHeads(), staging);
            aheads[i] = new ReadAhead(capacity, staging);
        }
        current = aheads[0];
        aheadEntry = new int[capacity == 0 ? 0 : chunks.ids()];
        Arrays.fill(aheadEntry, SlotMap.NONE);
        selection = new Selection(chunks.kvHeads(), 0);
    }

    /** Whether anything is ever read ahead. */
    public boolean readsAhead() {
        return aheadEntry.length > 0;
    }

    /**
     * Starts to bring what a layer attends.
     *
     * @param selected must not change until {@link #settle}
     * @param isDecoding whether what passes through may stay
     */
    public void prepare(int ofLayer, Selection selected, boolean isDecoding) {
        layer = ofLayer;
        selection = selected;
        decoding = isDecoding;
        unitCount = cutter.cut(selected);
        started = 0;
        attended = 0;
        try {
            matchAhead();
            while (started < Math.min(unitCount, unitsInFlight)) {
                start();
            }
        } catch (RuntimeException e) {
            reset();
            throw e;
        }
    }

    /** Lets go of what was read ahead and is not selected. */
    private void matchAhead() {
        if (other().layer == layer) {
            current = other();
        }
        if (current.layer != layer) {
            return;
        }
        for (int head = 0; head < chunks.kvHeads(); head++) {
            int size = selection.size(head);
            for (int i = 0; i < size; i++) {
                int entry = aheadEntry[chunks.id(layer, head, selection.chunk(head, i))];
                if (entry != SlotMap.NONE) {
                    current.selected[entry] = true;
                }
            }
        }
        for (int entry = 0; entry < current.size; entry++) {
            if (!usable(entry)) {
                aheadEntry[current.ids[entry]] = SlotMap.NONE;
                counters.aheadWasted++;
                staging.unwanted(current, entry);
            }
        }
        current.layer = SlotMap.NONE;
    }

    /**
     * Whether what was read ahead is what would be brought now. A record that the host has dropped since is brought again: from
     * the disk it may come as int4, and may return to the host.
     */
    private boolean usable(int entry) {
        return current.selected[entry]
                && (current.reads[entry] != SlotMap.NONE || residency.host().holds(current.ids[entry]));
    }

    private ReadAhead other() {
        return current == aheads[0] ? aheads[1] : aheads[0];
    }

    /** Starts to bring the next unit's chunks. */
    private void start() {
        Unit unit = units[started % unitsInFlight];
        staging.release(unit);
        unit.clear();
        for (int head = cutter.firstHead(started); head < cutter.endHead(started); head++) {
            int to = cutter.to(started, head, selection);
            for (int i = cutter.from(started); i < to; i++) {
                int chunk = selection.chunk(head, i);
                int entry = add(unit, chunks.id(layer, head, chunk));
                unit.table.add(head, chunk, unit.deviceSlots[entry], selection.mask(head, i));
            }
        }
        started++;
        staging.send(unit);
    }

    private int add(Unit unit, int id) {
        int slot = residency.device().slot(id);
        if (slot != SlotMap.NONE) {
            counters.deviceHits++;
            return unit.add(id, slot, false);
        }
        counters.deviceMisses++;
        int ahead = readsAhead() ? aheadEntry[id] : SlotMap.NONE;
        if (ahead == SlotMap.NONE) {
            return staging.add(unit, id, decoding);
        }
        aheadEntry[id] = SlotMap.NONE;
        current.held[ahead] = false;
        counters.aheadUsed++;
        if (current.reads[ahead] == SlotMap.NONE) {
            counters.hostHits++;
        } else {
            counters.hostMisses++;
            counters.aheadMisses++;
        }
        unit.fromAhead = true;
        int entry = unit.add(id, current.deviceSlots[ahead], true);
        unit.hostSlots[entry] = current.hostSlots[ahead];
        unit.coarse[entry] = current.coarse[ahead];
        return entry;
    }

    /**
     * Starts to bring chunks that the next layer may select, after {@link #prepare} and before {@link #attend}: as many as there
     * is room for.
     *
     * @param nextDecodes whether what passes through the next layer may stay
     */
    public void readAhead(int nextLayer, Selection guess, boolean nextDecodes) {
        ReadAhead next = other();
        try {
            staging.await(next);
            next.clear(nextLayer);
            boolean more = true;
            for (int place = 0; more && next.size < cutter.unitChunks(); place++) {
                more = readAhead(next, guess, place, nextDecodes);
            }
            staging.send(next);
        } catch (RuntimeException e) {
            reset();
            throw e;
        }
    }

    /** Takes the chunk at {@code place} of every head's list; false if there is none or no room. */
    private boolean readAhead(ReadAhead next, Selection guess, int place, boolean nextDecodes) {
        boolean any = false;
        for (int head = 0; head < chunks.kvHeads(); head++) {
            if (place >= guess.size(head)) {
                continue;
            }
            any = true;
            int id = chunks.id(next.layer, head, guess.chunk(head, place));
            if (residency.device().holds(id) || !staging.worthReadingAhead(id)) {
                continue;
            }
            if (!hasRoom(next)) {
                return false;
            }
            aheadEntry[id] = staging.add(next, id, nextDecodes);
        }
        return any;
    }

    /** All slots but those of two full units may hold what is read ahead, what nobody wanted and still comes among it. */
    private boolean hasRoom(ReadAhead next) {
        int capacity = next.ids.length;
        int ofAheads = staging.leased() - units[0].passingCount - units[1].passingCount;
        return next.size < capacity && ofAheads < capacity;
    }

    /** Has all units attended by a segment of the session, and each shown to the visitor, if there is one, behind that. */
    public void attend(DeviceSession session, int segment, Optional<Visitor> visitor) {
        try {
            while (attended < unitCount) {
                Unit unit = next();
                session.attend(layer, segment, residency.pool(), unit.table);
                if (visitor.isPresent()) { // a lambda that knows the unit would be made for each
                    visit(unit, visitor.get());
                }
                goOn();
            }
        } catch (RuntimeException e) {
            reset();
            throw e;
        }
    }

    /** Brings what a layer attends once more, behind {@link #settle}, for a second look; nothing of it stays. */
    public void show(int ofLayer, Selection selected, Arrival arrival) {
        prepare(ofLayer, selected, false);
        try {
            while (attended < unitCount) {
                arrival.arrived(next().table);
                goOn();
            }
        } catch (RuntimeException e) {
            reset();
            throw e;
        }
        settle();
    }

    /** The next unit, when it is there. */
    private Unit next() {
        Unit unit = units[attended % unitsInFlight];
        if (unit.fromAhead) {
            staging.await(current);
        }
        staging.await(unit);
        return unit;
    }

    private void goOn() {
        attended++;
        if (started < unitCount) {
            start();
        }
    }

    private void visit(Unit unit, Visitor visitor) {
        for (int head = 0; head < chunks.kvHeads(); head++) {
            for (int i = 0; i < unit.table.size(head); i++) {
                visitor.visit(head, unit.table.chunk(head, i), unit.table.slot(head, i));
            }
        }
    }

    /** Names all chunks that the layer attended, in order. */
    public void forEachAttended(Listener listener) {
        for (int call = 0; call < attended; call++) {
            for (int head = cutter.firstHead(call); head < cutter.endHead(call); head++) {
                int from = cutter.from(call);
                int to = cutter.to(call, head, selection);
                for (int i = from; i < to; i++) {
                    listener.attended(head, selection.chunk(head, i), call, i - from);
                }
            }
        }
    }

    /** Ends a layer; in a decoding step, chunks of its last two units stay where they deserve to. */
    public void settle() {
        for (int call = Math.max(0, attended - unitsInFlight); decoding && call < attended; call++) {
            staging.admit(units[call % unitsInFlight]);
        }
        staging.release(units[0]);
        staging.release(units[1]);
        unitCount = 0;
        started = 0;
        attended = 0;
    }

    /** Forgets what is under way, failed or not: nothing is on its way into a slot afterwards. */
    public void reset() {
        for (Unit unit : units) {
            staging.awaitEnd(unit);
        }
        for (ReadAhead ahead : aheads) {
            forget(ahead);
        }
        staging.dropCopies();
        decoding = false;
        settle();
    }

    private void forget(ReadAhead ahead) {
        for (int entry = 0; entry < ahead.size; entry++) {
            if (ahead.held[entry]) {
                aheadEntry[ahead.ids[entry]] = SlotMap.NONE;
                staging.unwanted(ahead, entry);
            }
        }
        staging.awaitEnd(ahead);
        ahead.clear(SlotMap.NONE);
    }
}
