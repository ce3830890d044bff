package io.longinfer.kernels.device;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.attention.ChunkList;

/** Lists of the chunks that a thread attends. Stateless. */
final class ChunkLists {
    private ChunkLists() {}

    /** An empty list for each thread. */
    static ChunkList[] forEach(WorkerPool workers) {
        ChunkList[] lists = new ChunkList[workers.threads()];
        for (int i = 0; i < lists.length; i++) {
            lists[i] = new ChunkList();
        }
        return lists;
    }

    /** Lists entries {@code from} to {@code to - 1} of a head's table, to be seen through a layer's window. */
    static void list(CpuKvPool pool, BlockTable table, int head, int from, int to, int window, ChunkList list) {
        list.reset(pool.memory(), window);
        for (int i = from; i < to; i++) {
            list.add(
                    pool.offsetBytes(table.slot(head, i)),
                    table.chunk(head, i) * ChunkLayout.TOKENS,
                    table.mask(head, i));
        }
    }
}
