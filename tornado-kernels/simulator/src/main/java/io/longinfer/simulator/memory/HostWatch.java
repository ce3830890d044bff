package io.longinfer.simulator.memory;

import io.longinfer.simulator.Finding;
import io.longinfer.simulator.FindingKind;
import java.util.BitSet;
import java.util.Objects;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** Sees what the program does to its own array, once the array has been on a device; not thread-safe. */
public final class HostWatch extends ElementWatch {
    private final String name;
    private final BitSet known = new BitSet();
    private boolean stale;
    private long version;

    private HostWatch(TornadoNativeArray array) {
        name = array.getClass().getSimpleName() + " of " + array.getSize();
    }

    /** The watch of a host's array, set if there is none yet. */
    public static HostWatch of(TornadoNativeArray array) {
        if (array.watch() instanceof HostWatch watch) {
            return watch;
        }
        HostWatch watch = new HostWatch(array);
        array.watch(watch);
        return watch;
    }

    /** Grows whenever the host may have changed the array. */
    public long version() {
        return version;
    }

    /** Kernels have written the device's copy. */
    public void outdated() {
        if (!stale) {
            known.clear();
        }
        stale = true;
    }

    /** Host and device are alike. */
    public void upToDate() {
        stale = false;
    }

    /** A range has come back. */
    public void upToDate(int offset, int size) {
        known.set(offset, offset + size);
    }

    @Override
    public void read(int index, int size) {
        Objects.checkIndex(index, size);
        if (stale && !known.get(index)) {
            throw new Finding(
                    FindingKind.HOST_READ_STALE,
                    "the host reads element " + index + " of a " + name
                            + " that kernels have written and that did not travel back");
        }
    }

    @Override
    public void write(int index, int size) {
        Objects.checkIndex(index, size);
        version++;
        if (stale) {
            known.set(index);
        }
    }

    @Override
    public void atomic(int index, int size) {
        write(index, size);
    }

    @Override
    public void expose() {
        version++;
    }
}
