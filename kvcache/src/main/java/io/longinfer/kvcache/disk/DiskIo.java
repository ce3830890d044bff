package io.longinfer.kvcache.disk;

import io.longinfer.kvcache.pipeline.Throttle;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Reads the disk for the stores of any number of sequences, with many requests in flight: through io_uring where the kernel
 * lets it, else with threads. One of these serves a whole process.
 *
 * <p>Thread-safe. Close it after its stores: what it still has to read fails then. Double close is harmless.
 */
public final class DiskIo implements AutoCloseable {
    /** How the disk is read. */
    public enum Backend {
        /** io_uring where it can be had, else threads; {@link DiskIo#backend()} says which and why. */
        AUTO,
        /** io_uring, or an error. */
        URING,
        /** A thread for each request in flight. */
        THREADS
    }

    /** What keeps operations of a queue in flight. */
    sealed interface Readers permits ThreadReaders, UringReaders {
        /** Waits for the threads to end; returns whether the queue's buffer is free then. */
        boolean join();
    }

    /**
     * How the disk is read.
     *
     * @param depth requests in flight; 0 for the backend's own, 64 for io_uring and 16 threads
     * @param largestBytes most bytes of one operation
     * @param bufferBytes memory for what is being read, at least {@code largestBytes}
     * @param bridgeBytes most bytes between two records that are read over to read both in one operation
     * @param alignmentBytes what memory is aligned to, at least the alignment of each store
     * @param throttle a slower disk to stand for, for reads and writes together
     */
    public record Options(
            Backend backend,
            int depth,
            int largestBytes,
            long bufferBytes,
            int bridgeBytes,
            int alignmentBytes,
            Throttle throttle) {
        /** Most requests in flight. */
        public static final int MAX_DEPTH = 1024;

        public Options {
            if (depth < 0 || depth > MAX_DEPTH) {
                throw new IllegalArgumentException(
                        "a disk is read with a depth of 1 to " + MAX_DEPTH + ", not " + depth);
            }
            if (alignmentBytes < DiskHeader.BYTES || Integer.bitCount(alignmentBytes) != 1) {
                throw new IllegalArgumentException(
                        "an alignment is a power of two from " + DiskHeader.BYTES + ", not " + alignmentBytes);
            }
            if (largestBytes < alignmentBytes || bufferBytes < largestBytes || bufferBytes > Integer.MAX_VALUE) {
                throw new IllegalArgumentException("an operation of " + largestBytes + " bytes in a buffer of "
                        + bufferBytes + ": expected " + alignmentBytes + " <= operation <= buffer <= "
                        + Integer.MAX_VALUE);
            }
            if (bridgeBytes < 0) {
                throw new IllegalArgumentException("a gap has no " + bridgeBytes + " bytes");
            }
        }

        /** A backend with its own depth, 256 KiB an operation, 2 MiB of buffer, gaps up to 4 KiB, no throttle. */
        public static Options of(Backend backend) {
            return new Options(backend, 0, 256 << 10, 2 << 20, 4096, 4096, Throttle.unlimited());
        }

        /** These with another {@link #depth}. */
        public Options withDepth(int newDepth) {
            return new Options(backend, newDepth, largestBytes, bufferBytes, bridgeBytes, alignmentBytes, throttle);
        }

        /** These with another {@link #largestBytes} and {@link #bufferBytes}. */
        public Options withBuffer(int newLargestBytes, long newBufferBytes) {
            return new Options(backend, depth, newLargestBytes, newBufferBytes, bridgeBytes, alignmentBytes, throttle);
        }

        /** These with another {@link #bridgeBytes}. */
        public Options withBridge(int newBridgeBytes) {
            return new Options(backend, depth, largestBytes, bufferBytes, newBridgeBytes, alignmentBytes, throttle);
        }

        /** These with another {@link #alignmentBytes}. */
        public Options withAlignment(int newAlignmentBytes) {
            return new Options(backend, depth, largestBytes, bufferBytes, bridgeBytes, newAlignmentBytes, throttle);
        }

        /** These with another {@link #throttle}. */
        public Options withThrottle(Throttle newThrottle) {
            return new Options(backend, depth, largestBytes, bufferBytes, bridgeBytes, alignmentBytes, newThrottle);
        }
    }

    private static final int URING_DEPTH = 64;
    private static final int THREADS_DEPTH = 16;

    private final Options options;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment buffer;
    private final ReadQueue queue;
    private final Readers readers;
    private final String backend;
    private boolean closed;

    private DiskIo(Options options) throws IOException {
        this.options = options;
        try {
            buffer = arena.allocate(options.bufferBytes, options.alignmentBytes);
            queue = new ReadQueue(buffer, Math.max(depth(URING_DEPTH), depth(THREADS_DEPTH)), options);
            StringBuilder name = new StringBuilder();
            readers = start(name);
            backend = name.toString();
        } catch (IOException | RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    private int depth(int own) {
        return options.depth == 0 ? own : options.depth;
    }

    private Readers start(StringBuilder name) throws IOException {
        String refusal = "";
        if (options.backend != Backend.THREADS) {
            try {
                Readers uring = UringReaders.start(queue, depth(URING_DEPTH), options.throttle);
                name.append("io_uring, depth ").append(depth(URING_DEPTH));
                return uring;
            } catch (IOException e) {
                if (options.backend == Backend.URING) {
                    throw e;
                }
                refusal = " (no io_uring: " + e.getMessage() + ")";
            }
        }
        name.append(depth(THREADS_DEPTH)).append(" threads").append(refusal);
        return new ThreadReaders(queue, depth(THREADS_DEPTH), options.throttle);
    }

    /**
     * Starts the threads.
     *
     * @throws DiskException if io_uring is asked for and cannot be had
     */
    public static DiskIo open(Options options) {
        try {
            return new DiskIo(options);
        } catch (IOException e) {
            throw new DiskException("io_uring", "io_uring cannot be used here: " + e.getMessage(), e);
        }
    }

    /** How the disk is read, in words, with the reason if it is not what was asked for. */
    public String backend() {
        return backend;
    }

    /** How it was opened. */
    public Options options() {
        return options;
    }

    /** Time with at least one read in flight or in delivery. */
    public long busyNanos() {
        return queue.busyNanos();
    }

    /** Starts {@link #busyNanos()} anew. */
    public void resetBusyNanos() {
        queue.resetBusy();
    }

    ReadQueue queue() {
        return queue;
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        queue.refuse(new IllegalStateException("the disk's reader is closed"));
        if (readers.join()) {
            arena.close();
        }
    }
}
