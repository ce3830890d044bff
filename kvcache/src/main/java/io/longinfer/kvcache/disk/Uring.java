package io.longinfer.kvcache.disk;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * An io_uring of the kernel (5.6 or later): requests are written into one ring and handed over together, results are taken
 * from another. Used by one thread, the one that made it; at most as many requests may be under way as it was made for.
 *
 * <p>The layouts are those of {@code linux/io_uring.h}. Both sides' indices run freely and are masked; each side publishes
 * its own with release and reads the other's with acquire.
 */
final class Uring implements AutoCloseable {
    private static final long SETUP = 425;
    private static final long ENTER = 426;
    private static final long REGISTER = 427;

    /** Completions are run when this thread asks for them, instead of interrupting it: kernel 6.1. */
    private static final int SINGLE_ISSUER_DEFER_TASKRUN = 1 << 12 | 1 << 13;

    private static final int ENTER_GETEVENTS = 1;
    private static final int REGISTER_PROBE = 8;
    private static final int PROBE_OPS = 64;
    private static final byte OP_TIMEOUT = 11;
    private static final byte OP_READ = 22;

    private static final int PARAMS_BYTES = 120;
    private static final int SQE_BYTES = 64;
    private static final int CQE_BYTES = 16;
    private static final long SQ_OFFSET = 0;
    private static final long CQ_OFFSET = 0x8000000L;
    private static final long SQES_OFFSET = 0x10000000L;

    private static final VarHandle INT = JAVA_INT.varHandle();

    private final Arena arena = Arena.ofConfined();
    private final int descriptor;
    private MemorySegment sq = MemorySegment.NULL;
    private MemorySegment cq = MemorySegment.NULL;
    private MemorySegment sqes = MemorySegment.NULL;
    private final MemorySegment timespec = arena.allocate(16, 8);

    private final int sqTailAt;
    private final int sqMask;
    private final int cqHeadAt;
    private final int cqTailAt;
    private final int cqMask;
    private final int cqesAt;

    private int tail;
    private int prepared;
    private int head;

    /**
     * Sets the rings up.
     *
     * @param entries most requests under way
     * @throws IOException if the kernel has none, does not let this process have one, or knows too few operations
     */
    Uring(int entries) throws IOException {
        MemorySegment params = arena.allocate(PARAMS_BYTES, 8);
        params.set(JAVA_INT, 8, SINGLE_ISSUER_DEFER_TASKRUN);
        long result = LinuxCalls.call(SETUP, entries, params.address(), 0, 0, 0, 0);
        if (result == -LinuxCalls.EINVAL) {
            params.fill((byte) 0);
            result = LinuxCalls.call(SETUP, entries, params.address(), 0, 0, 0, 0);
        }
        if (result < 0) {
            arena.close();
            throw new LinuxCalls.FailedCall("io_uring_setup", (int) -result);
        }
        descriptor = (int) result;
        int sqEntries = params.get(JAVA_INT, 0);
        int cqEntries = params.get(JAVA_INT, 4);
        int arrayAt = params.get(JAVA_INT, 64);
        sqTailAt = params.get(JAVA_INT, 44);
        cqHeadAt = params.get(JAVA_INT, 80);
        cqTailAt = params.get(JAVA_INT, 84);
        cqesAt = params.get(JAVA_INT, 100);
        sqMask = sqEntries - 1;
        cqMask = cqEntries - 1;
        try {
            probe();
            sq = LinuxCalls.map(descriptor, SQ_OFFSET, arrayAt + (long) sqEntries * Integer.BYTES);
            cq = LinuxCalls.map(descriptor, CQ_OFFSET, cqesAt + (long) cqEntries * CQE_BYTES);
            sqes = LinuxCalls.map(descriptor, SQES_OFFSET, (long) sqEntries * SQE_BYTES);
        } catch (IOException e) {
            close();
            throw e;
        }
        for (int i = 0; i < sqEntries; i++) {
            sq.set(JAVA_INT, arrayAt + (long) i * Integer.BYTES, i);
        }
    }

    private void probe() throws IOException {
        MemorySegment ops = arena.allocate(16 + 8L * PROBE_OPS, 8);
        long result = LinuxCalls.call(REGISTER, descriptor, REGISTER_PROBE, ops.address(), PROBE_OPS, 0, 0);
        if (result < 0) {
            throw new LinuxCalls.FailedCall("io_uring_register", (int) -result);
        }
        for (int op : new int[] {OP_TIMEOUT, OP_READ}) {
            if (ops.get(JAVA_INT, 16 + 8L * op) >>> 16 == 0) {
                throw new IOException("io_uring of this kernel has no operation " + op);
            }
        }
    }

    /** Prepares a read of {@code bytes} to memory at {@code address}; the result comes with {@code tag}. */
    void read(int file, long address, int bytes, long at, long tag) {
        long sqe = prepare(OP_READ, file, address, bytes, tag);
        sqes.set(JAVA_LONG, sqe + 8, at);
    }

    /** Prepares a result that comes with {@code tag} after some time. At most one may be prepared between two enters. */
    void timeout(long nanos, long tag) {
        timespec.set(JAVA_LONG, 0, nanos / 1_000_000_000);
        timespec.set(JAVA_LONG, 8, nanos % 1_000_000_000);
        prepare(OP_TIMEOUT, -1, timespec.address(), 1, tag);
    }

    private long prepare(byte operation, int file, long address, int length, long tag) {
        long sqe = (long) (tail & sqMask) * SQE_BYTES;
        sqes.asSlice(sqe, SQE_BYTES).fill((byte) 0);
        sqes.set(JAVA_BYTE, sqe, operation);
        sqes.set(JAVA_INT, sqe + 4, file);
        sqes.set(JAVA_LONG, sqe + 16, address);
        sqes.set(JAVA_INT, sqe + 24, length);
        sqes.set(JAVA_LONG, sqe + 32, tag);
        tail++;
        prepared++;
        return sqe;
    }

    /** Hands over what is prepared, and waits for {@code results} results. */
    void enter(int results) throws IOException {
        INT.setRelease(sq, (long) sqTailAt, tail);
        do {
            int wait = ready() ? 0 : results;
            long taken = LinuxCalls.call(ENTER, descriptor, prepared, wait, ENTER_GETEVENTS, 0, 0);
            if (taken >= 0) {
                prepared -= (int) taken;
            } else if (-taken == LinuxCalls.EAGAIN || -taken == LinuxCalls.EBUSY) {
                Thread.onSpinWait(); // short of memory, or results must be taken first
                if (ready()) {
                    return;
                }
            } else if (-taken != LinuxCalls.EINTR) {
                throw new LinuxCalls.FailedCall("io_uring_enter", (int) -taken);
            }
        } while (prepared > 0);
    }

    /** Whether something is prepared that is not handed over. */
    boolean prepared() {
        return prepared > 0;
    }

    /** Whether there is a result to look at. */
    boolean ready() {
        return head != (int) INT.getAcquire(cq, (long) cqTailAt);
    }

    /** The tag of the result that is {@link #ready}. */
    long tag() {
        return cq.get(JAVA_LONG, cqe());
    }

    /** The result that is {@link #ready}: what the system call would return, or minus its errno. */
    int result() {
        return cq.get(JAVA_INT, cqe() + 8);
    }

    private long cqe() {
        return cqesAt + (long) (head & cqMask) * CQE_BYTES;
    }

    /** Moves behind the result that is {@link #ready}. */
    void next() {
        head++;
        INT.setRelease(cq, (long) cqHeadAt, head);
    }

    /** Gives the rings back; requests under way may still write to their memory. */
    @Override
    public void close() throws IOException {
        for (MemorySegment mapped : new MemorySegment[] {sq, cq, sqes}) {
            if (mapped.byteSize() > 0) {
                LinuxCalls.unmap(mapped);
            }
        }
        LinuxCalls.close(descriptor);
        arena.close();
    }
}
