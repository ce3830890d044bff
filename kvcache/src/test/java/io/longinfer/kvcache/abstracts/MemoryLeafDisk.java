package io.longinfer.kvcache.abstracts;

import io.longinfer.kernels.abstracts.AbstractKernels;
import io.longinfer.kernels.abstracts.AbstractPrecision;
import io.longinfer.kernels.device.DecoderShape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A disk of leaf groups that is a map. */
public final class MemoryLeafDisk implements LeafDisk {
    private record Wanted(List<Integer> block, int tag) {}

    private final Map<List<Integer>, byte[]> blocks = new HashMap<>();
    private final List<Wanted> batch = new ArrayList<>();
    private final int blockBytes;

    /** Batches read. */
    public int reads;

    private MemoryLeafDisk(int blockBytes) {
        this.blockBytes = blockBytes;
    }

    /** A store whose groups lie in such a disk where {@code slots} are fewer than all. */
    public static AbstractStore store(
            DecoderShape shape, int chunks, int slots, AbstractPrecision precision, AbstractKernels kernels) {
        MemoryLeafDisk disk = new MemoryLeafDisk(precision.groupBytes(shape.headDim()));
        List<Integer> perLayer = new ArrayList<>();
        for (int layer = 0; layer < shape.layers(); layer++) {
            perLayer.add(slots);
        }
        return new AbstractStore(shape, chunks, perLayer, precision, kernels, Optional.of(disk));
    }

    @Override
    public void write(int layer, int kvHead, int group, MemorySegment source, long offset) {
        blocks.put(
                List.of(layer, kvHead, group),
                source.asSlice(offset, blockBytes).toArray(ValueLayout.JAVA_BYTE));
    }

    @Override
    public void want(int layer, int kvHead, int group, int tag) {
        batch.add(new Wanted(List.of(layer, kvHead, group), tag));
    }

    @Override
    public void read(Target target) {
        reads++;
        for (Wanted wanted : batch) {
            target.accept(wanted.tag, MemorySegment.ofArray(blocks.get(wanted.block)), 0);
        }
        batch.clear();
    }
}
