package io.longinfer.simulator.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * The device's copy of an array: memory of its own, and which elements were ever written.
 *
 * <p>Filled with ones at first, which are NaN in floats, so that what nobody wrote shows. Freed by its plan. Not thread-safe.
 */
public final class DeviceCopy {
    private final TornadoNativeArray host;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;
    private final BitSet written = new BitSet();
    private final AccessHistory history = new AccessHistory();
    private boolean whole;
    private boolean ahead;
    private boolean fetchedByRange;
    private long hostVersion;

    /** A copy that nobody has written. */
    public DeviceCopy(TornadoNativeArray host) {
        this.host = host;
        long bytes = host.getNumBytesOfSegmentWithHeader();
        segment = arena.allocate(bytes, 64);
        segment.fill((byte) 0xFF);
        segment.set(ValueLayout.JAVA_INT, 0, host.getSize());
    }

    /** The array. */
    public TornadoNativeArray host() {
        return host;
    }

    /** The device's memory, header first. */
    public MemorySegment segment() {
        return segment;
    }

    /** Who touched the elements. */
    public AccessHistory history() {
        return history;
    }

    /** Whether an element was written, by a transfer or a kernel. */
    public boolean written(int index) {
        return whole || written.get(index);
    }

    /** A kernel writes an element. */
    public void markWritten(int index) {
        ahead = true;
        if (!whole) {
            written.set(index);
        }
    }

    /** Tells the host's array that kernels have written this copy, if they have. */
    public void announce() {
        if (ahead) {
            HostWatch.of(host).outdated();
        }
    }

    /** Whether the host has changed what this copy was made from, and no kernel has. */
    public boolean hostChanged() {
        long version = HostWatch.of(host).version();
        if (version == hostVersion || ahead) {
            return false;
        }
        hostVersion = version;
        return elements(host.segment()).mismatch(elements(segment)) >= 0;
    }

    private static MemorySegment elements(MemorySegment withHeader) {
        return withHeader.asSlice(TornadoNativeArray.ARRAY_HEADER);
    }

    /** Whether a part has travelled to the host by itself. */
    public boolean fetchedByRange() {
        return fetchedByRange;
    }

    /** Copies the host's elements. */
    public void upload() {
        copy(host.segment(), segment, TornadoNativeArray.ARRAY_HEADER, host.getNumBytesOfSegment());
        HostWatch watch = HostWatch.of(host);
        watch.upToDate();
        hostVersion = watch.version();
        whole = true;
        ahead = false;
    }

    /** Copies elements to the host, a range of bytes counted from the header's begin. */
    public void download(long offset, long bytes) {
        copy(segment, host.segment(), offset, bytes);
        HostWatch watch = HostWatch.of(host);
        if (bytes == host.getNumBytesOfSegment()) {
            ahead = false;
            watch.upToDate();
        } else {
            fetchedByRange = true;
            int elementBytes = host.getElementSize();
            watch.upToDate(
                    Math.toIntExact((offset - TornadoNativeArray.ARRAY_HEADER) / elementBytes),
                    Math.toIntExact(bytes / elementBytes));
        }
    }

    private static void copy(MemorySegment from, MemorySegment to, long offset, long bytes) {
        MemorySegment.copy(from, offset, to, offset, bytes);
    }

    /** Gives the memory back; twice is harmless. */
    public void free() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
