package io.longinfer.kernels.device.tornado;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.KvPool;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** A range of the slots of a {@link TornadoSession}: writes wait in the host for the next execution. */
final class TornadoKvPool implements KvPool {
    private final TornadoSession session;
    private final ChunkLayout layout;
    private final int first;
    private final int slots;
    private boolean closed;

    TornadoKvPool(TornadoSession session, ChunkLayout layout, int first, int slots) {
        this.session = session;
        this.layout = layout;
        this.first = first;
        this.slots = slots;
    }

    @Override
    public ChunkLayout layout() {
        return layout;
    }

    @Override
    public int slots() {
        return slots;
    }

    /** Whether {@code session} lent it. */
    boolean isOf(TornadoSession session) {
        return this.session == session;
    }

    /** The session's slot. */
    int slot(int slot) {
        if (closed) {
            throw new IllegalStateException("the pool is closed");
        }
        return first + Objects.checkIndex(slot, slots);
    }

    @Override
    public void write(int slot, MemorySegment source, long sourceOffset) {
        session.write(slot(slot), source, sourceOffset);
    }

    @Override
    public void read(int slot, MemorySegment target, long targetOffset) {
        session.read(slot(slot), target, targetOffset);
    }

    /** Its slots go with the session. */
    @Override
    public void close() {
        closed = true;
    }
}
