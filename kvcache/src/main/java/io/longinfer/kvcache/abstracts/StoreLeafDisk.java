package io.longinfer.kvcache.abstracts;

import io.longinfer.kvcache.disk.DiskStore;
import io.longinfer.kvcache.disk.ReadBatch;
import java.lang.foreign.MemorySegment;

/** Leaf groups in the abstracts' region of a sequence's file. Does not own the store. */
final class StoreLeafDisk implements LeafDisk {
    private final DiskStore store;
    private final int groupBytes;
    private final ReadBatch batch;
    private volatile Target target = (tag, source, offset) -> {};

    StoreLeafDisk(DiskStore store, int groupBytes) {
        this.store = store;
        this.groupBytes = groupBytes;
        batch = new ReadBatch((tag, source, offset, prefixLength, length) -> target.accept(tag, source, offset));
    }

    @Override
    public void write(int layer, int kvHead, int group, MemorySegment source, long offset) {
        store.append(store.geometry().groupBlock(layer, kvHead, group), source, offset, 0, groupBytes);
    }

    @Override
    public void want(int layer, int kvHead, int group, int tag) {
        batch.add(store.geometry().groupBlock(layer, kvHead, group), tag);
    }

    @Override
    public void read(Target to) {
        target = to;
        try {
            store.submit(batch);
            store.await(batch);
        } finally {
            batch.clear();
        }
    }
}
