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
    private final int blockBytes;

    /** Batches read. */
    public int reads;

    /** An empty disk. */
    public MemoryLeafDisk(int blockBytes) {
        this.blockBytes = blockBytes;
    }

    /** A store whose groups lie in {@code disk} where {@code slots} are fewer than all. */
    public static AbstractStore store(
            MemoryLeafDisk disk,
            DecoderShape shape,
            int chunks,
            int slots,
            int passing,
            AbstractPrecision precision,
            AbstractKernels kernels) {
        List<Integer> perLayer = new ArrayList<>();
        for (int layer = 0; layer < shape.layers(); layer++) {
            perLayer.add(slots);
        }
        return new AbstractStore(shape, chunks, perLayer, passing, precision, kernels, Optional.of(disk));
    }

    @Override
    public void write(int layer, int kvHead, int group, MemorySegment source, long offset) {
        blocks.put(
                List.of(layer, kvHead, group),
                source.asSlice(offset, blockBytes).toArray(ValueLayout.JAVA_BYTE));
    }

    @Override
    public Batch batch(Target target) {
        List<Wanted> batch = new ArrayList<>();
        return new Batch() {
            @Override
            public void want(int layer, int kvHead, int group, int tag) {
                batch.add(new Wanted(List.of(layer, kvHead, group), tag));
            }

            @Override
            public void start() {
                reads++;
                for (Wanted wanted : batch) {
                    target.accept(wanted.tag, MemorySegment.ofArray(blocks.get(wanted.block)), 0);
                }
            }

            @Override
            public void await() {
                batch.clear();
            }

            @Override
            public void awaitEnd() {
                batch.clear();
            }
        };
    }
}
