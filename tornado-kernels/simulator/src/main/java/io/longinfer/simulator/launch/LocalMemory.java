package io.longinfer.simulator.launch;

import io.longinfer.simulator.Finding;
import io.longinfer.simulator.FindingKind;
import io.longinfer.simulator.device.SimulatedDevice;
import io.longinfer.simulator.memory.AccessHistory;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.List;

/** The local arrays of a launch: the n-th allocation of every work-item of a group is the same array. */
final class LocalMemory {
    private final Launch launch;
    private final List<LocalArray> arrays = new ArrayList<>();
    private long bytes;

    LocalMemory(Launch launch) {
        this.launch = launch;
    }

    <T> T allocate(Class<T> type, int number, int size, int elementBytes) {
        if (number == arrays.size()) {
            bytes += (long) size * elementBytes;
            if (bytes > SimulatedDevice.LOCAL_MEMORY_BYTES) {
                throw launch.finding(
                        FindingKind.DEVICE_LIMIT,
                        bytes + " bytes of local memory, at most " + SimulatedDevice.LOCAL_MEMORY_BYTES);
            }
            Object array = Array.newInstance(type.componentType(), size);
            arrays.add(new LocalArray(array, size, new AccessHistory()));
        }
        LocalArray local = arrays.get(number);
        if (local.size() != size || !type.isInstance(local.array())) {
            throw launch.finding(
                    FindingKind.BARRIER_DIVERGENCE,
                    "local array " + number + " has other sizes or types in the work-items of a group");
        }
        return type.cast(local.array());
    }

    void read(Object array, int index) {
        checkBounds(array, index);
        int number = number(array);
        if (number < 0) {
            return;
        }
        AccessHistory history = arrays.get(number).history();
        if (!history.writtenSince(index, launch.phase().groupStart())) {
            throw launch.finding(
                    FindingKind.NEVER_WRITTEN, name(number) + "[" + index + "] is read and was never written");
        }
        check(history.read(index, launch.phase(), launch.phase().groupStart(), launch.item()), number, index, "reads");
    }

    void write(Object array, int index, boolean atomic) {
        checkBounds(array, index);
        int number = number(array);
        if (number < 0) {
            return;
        }
        AccessHistory history = arrays.get(number).history();
        if (atomic && !history.writtenSince(index, launch.phase().groupStart())) {
            throw launch.finding(
                    FindingKind.NEVER_WRITTEN, name(number) + "[" + index + "] is added to and was never written");
        }
        long conflict = history.write(index, launch.phase(), launch.phase().groupStart(), launch.item(), atomic);
        check(conflict, number, index, "writes");
    }

    private void check(long conflict, int number, int index, String does) {
        if (conflict != 0) {
            throw launch.race(conflict, name(number) + "[" + index + "]", does);
        }
    }

    private void checkBounds(Object array, int index) {
        int size = Array.getLength(array);
        if (index < 0 || index >= size) {
            int number = number(array);
            throw launch.finding(
                    FindingKind.OUT_OF_BOUNDS,
                    (number < 0 ? "private array" : name(number)) + "[" + index + "] of " + size + " elements");
        }
    }

    @SuppressWarnings("ReferenceEquality") // arrays are the same only if they are one object
    private int number(Object array) {
        for (int i = 0; i < arrays.size(); i++) {
            if (arrays.get(i).array() == array) {
                return i;
            }
        }
        return -1;
    }

    private String name(int number) {
        LocalArray local = arrays.get(number);
        return "local array " + number + " ("
                + local.array().getClass().getComponentType().getSimpleName() + "[" + local.size() + "])";
    }

    /** The exception for a kernel that uses local memory outside a launch. */
    static Finding outside() {
        return new Finding(FindingKind.DEVICE_LIMIT, "a kernel runs outside a task graph");
    }
}
