package io.longinfer.kvcache.selection;

import io.longinfer.kernels.abstracts.AbstractKernels;
import io.longinfer.kernels.abstracts.AbstractPrecision;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.ClosedChunks;
import io.longinfer.kernels.device.CpuKernels;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.WorkerPool;
import io.longinfer.kvcache.Shapes;
import io.longinfer.kvcache.abstracts.AbstractStore;
import io.longinfer.kvcache.abstracts.MemoryLeafDisk;
import io.longinfer.kvcache.chunk.PartitionOptions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/** Keys of one layer, and selectors over them. */
record TreeFixture(DecoderShape shape, int chunks, MemorySegment keys) {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    /** Kinds of keys. */
    enum Keys {
        GAUSSIAN,
        /** Each token near the one before, as in a text. */
        WALK,
        IDENTICAL,
        /** One token far beyond all others. */
        ONE_HUGE,
        INCREASING,
        /** Any finite fp16. */
        ANY_BITS
    }

    static TreeFixture of(Keys kind, Random random, int kvHeads, int group, int headDim, int chunks) {
        DecoderShape shape = Shapes.of(1, kvHeads * group, kvHeads, headDim);
        ChunkLayout layout = new ChunkLayout(headDim);
        MemorySegment keys = Arena.ofAuto().allocate((long) kvHeads * chunks * layout.sizeBytes(), 64);
        int huge = random.nextInt(chunks * 16);
        for (int head = 0; head < kvHeads; head++) {
            float[] walk = new float[headDim];
            for (int token = 0; token < chunks * 16; token++) {
                long chunk = ((long) head * chunks + token / 16) * layout.sizeBytes();
                for (int j = 0; j < headDim; j++) {
                    float gauss = (float) random.nextGaussian();
                    walk[j] = 0.95f * walk[j] + 0.3f * gauss;
                    short bits = switch (kind) {
                        case GAUSSIAN -> Float.floatToFloat16(gauss);
                        case WALK -> Float.floatToFloat16(walk[j]);
                        case IDENTICAL -> Float.floatToFloat16(j % 3 - 1f);
                        case ONE_HUGE -> Float.floatToFloat16(token == huge ? 60000 : gauss);
                        case INCREASING -> Float.floatToFloat16(token * 0.01f + gauss * 0.01f);
                        case ANY_BITS -> (short) (random.nextInt(0x7c00) | (random.nextBoolean() ? 0x8000 : 0));
                    };
                    keys.set(SHORT, chunk + layout.keyOffset(j, token % 16), bits);
                }
            }
        }
        return new TreeFixture(shape, chunks, keys);
    }

    /** A store of the first {@code count} chunks, appended in pieces of random length. */
    AbstractStore store(
            Random random, int count, int slots, int passing, AbstractPrecision precision, AbstractKernels kernels) {
        MemoryLeafDisk disk = new MemoryLeafDisk(precision.groupBytes(shape.headDim()));
        AbstractStore store = MemoryLeafDisk.store(disk, shape, chunks, slots, passing, precision, kernels);
        int first = 0;
        while (first < count) {
            int piece = Math.min(count - first, 1 + random.nextInt(40));
            append(store, first, piece);
            first += piece;
        }
        return store;
    }

    void append(AbstractStore store, int first, int piece) {
        int chunkBytes = new ChunkLayout(shape.headDim()).sizeBytes();
        MemorySegment from = keys.asSlice((long) first * chunkBytes);
        store.append(0, new ClosedChunks(first, piece, from, (long) chunks * chunkBytes));
    }

    TreeSelector selector(SelectionBudget budget, GroupRule rule, SearchMode mode, AbstractStore store) {
        return new TreeSelector(
                budget, rule, mode, PartitionOptions.defaults(), shape, chunks, store, WorkerPool.sequential());
    }

    int allSlots() {
        return AbstractStore.allLeafSlots(shape, chunks);
    }

    Selection selection() {
        return new Selection(shape.kvHeads(), chunks);
    }

    static AbstractKernels vector() {
        return CpuKernels.fastest().abstracts();
    }

    float[] queries(Random random, float scale) {
        float[] q = new float[shape.heads() * shape.headDim()];
        for (int i = 0; i < q.length; i++) {
            q[i] = scale * (float) random.nextGaussian();
        }
        return q;
    }

    static String list(Selection selection) {
        StringBuilder text = new StringBuilder();
        for (int head = 0; head < selection.kvHeads(); head++) {
            for (int i = 0; i < selection.size(head); i++) {
                text.append(selection.chunk(head, i)).append(' ');
            }
            text.append("/ ");
        }
        return text.toString();
    }
}
