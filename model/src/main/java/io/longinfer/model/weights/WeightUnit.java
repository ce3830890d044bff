package io.longinfer.model.weights;

import io.longinfer.kernels.quantization.WeightMatrix;
import io.longinfer.kvcache.budget.Tier;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Matrices that are placed and moved together: a layer, or some rows of a table. They lie one behind the other, each at a
 * multiple of the disk's alignment, wherever the unit lies.
 */
final class WeightUnit {
    private final int index;
    private final String name;
    private final List<WeightMatrix> sources;
    private final long[] offsets;
    private final long sizeBytes;

    // Set while the store is built.
    private Tier tier = Tier.DEVICE;
    private MemorySegment memory = MemorySegment.NULL;
    private long filePosition;
    private final int[] checksums;
    private int[] rowChecksums = {};

    // Guarded by this.
    private int ready;
    private RuntimeException failure;

    /**
     * A unit without a place.
     *
     * @param index its place in the order of use
     * @param sources what it is made of, the matrix that is needed first in front
     */
    WeightUnit(int index, String name, List<WeightMatrix> sources, int alignment) {
        this.index = index;
        this.name = name;
        this.sources = List.copyOf(sources);
        offsets = new long[sources.size()];
        checksums = new int[sources.size()];
        long end = 0;
        for (int part = 0; part < offsets.length; part++) {
            offsets[part] = end;
            end += padded(sources.get(part).data().byteSize(), alignment);
        }
        sizeBytes = end;
    }

    static long padded(long bytes, int alignment) {
        return Math.ceilDiv(bytes, (long) alignment) * alignment;
    }

    int index() {
        return index;
    }

    String name() {
        return name;
    }

    int parts() {
        return offsets.length;
    }

    WeightMatrix source(int part) {
        return sources.get(part);
    }

    long offset(int part) {
        return offsets[part];
    }

    long sizeBytes() {
        return sizeBytes;
    }

    /** Its matrices where the unit begins at {@code base} of {@code memory}. */
    List<WeightMatrix> matrices(MemorySegment memory, long base) {
        List<WeightMatrix> matrices = new ArrayList<>();
        for (int part = 0; part < offsets.length; part++) {
            WeightMatrix source = sources.get(part);
            MemorySegment data =
                    memory.asSlice(base + offsets[part], source.data().byteSize());
            matrices.add(
                    new WeightMatrix(source.name(), source.type(), source.rows(), source.columns(), data.asReadOnly()));
        }
        return matrices;
    }

    Tier tier() {
        return tier;
    }

    /** Whether it passes through the staging buffers. */
    boolean streamed() {
        return tier != Tier.DEVICE;
    }

    void place(Tier place) {
        tier = place;
    }

    /** Copies it into memory that stays. */
    void keepIn(MemorySegment resident) {
        for (int part = 0; part < offsets.length; part++) {
            MemorySegment data = sources.get(part).data();
            MemorySegment.copy(data, 0, resident, offsets[part], data.byteSize());
        }
        memory = resident;
    }

    /** Where it stays, unless it lies on disk. */
    MemorySegment memory() {
        return memory;
    }

    void keepAt(long position) {
        filePosition = position;
    }

    /** Where a matrix begins in the file. */
    long filePosition(int part) {
        return filePosition + offsets[part];
    }

    void checksum(int part, int crc) {
        checksums[part] = crc;
    }

    int checksum(int part) {
        return checksums[part];
    }

    /** {@code [rows]} of the only matrix. */
    void rowChecksums(int[] crcs) {
        rowChecksums = crcs;
    }

    int rowChecksum(int row) {
        return rowChecksums[row];
    }

    /** Nothing of it is staged from now on. */
    synchronized void expect() {
        ready = 0;
        failure = null;
    }

    /** One more matrix is staged. */
    synchronized void arrived() {
        ready++;
        notifyAll();
    }

    synchronized void failed(RuntimeException e) {
        failure = e;
        notifyAll();
    }

    /** Waits until so many matrices are staged or it failed; returns whether there was anything to wait for. */
    synchronized boolean await(int count) throws InterruptedException {
        boolean waits = ready < count && failure == null;
        while (ready < count && failure == null) {
            wait();
        }
        return waits;
    }

    /** Throws what went wrong, if anything did. */
    synchronized void check() {
        if (failure != null) {
            throw failure;
        }
    }
}
