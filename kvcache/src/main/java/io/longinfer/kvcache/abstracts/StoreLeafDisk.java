package io.longinfer.kvcache.abstracts;

import io.longinfer.kvcache.disk.DiskStore;
import io.longinfer.kvcache.disk.ReadBatch;
import java.lang.foreign.MemorySegment;

/** Leaf groups in the abstracts' region of a sequence's file. Does not own the store. */
final class StoreLeafDisk implements LeafDisk {
    private final DiskStore store;
    private final int groupBytes;

    StoreLeafDisk(DiskStore store, int groupBytes) {
        this.store = store;
        this.groupBytes = groupBytes;
    }

    @Override
    public void write(int layer, int kvHead, int group, MemorySegment source, long offset) {
        store.append(store.geometry().groupBlock(layer, kvHead, group), source, offset, 0, groupBytes);
    }

    @Override
    public Batch batch(Target target) {
        return new StoreBatch(store, target);
    }

    private static final class StoreBatch implements Batch {
        private final DiskStore store;
        private final ReadBatch reads;

        StoreBatch(DiskStore store, Target target) {
            this.store = store;
            reads = new ReadBatch((tag, source, offset, prefixLength, length) -> target.accept(tag, source, offset));
        }

        @Override
        public void want(int layer, int kvHead, int group, int tag) {
            reads.add(store.geometry().groupBlock(layer, kvHead, group), tag);
        }

        @Override
        public void start() {
            try {
                store.submit(reads);
            } catch (RuntimeException e) {
                reads.clear();
                throw e;
            }
        }

        @Override
        public void await() {
            try {
                store.await(reads);
            } finally {
                reads.clear();
            }
        }

        @Override
        public void awaitEnd() {
            store.awaitEnd(reads);
            reads.clear();
        }
    }
}
