package io.longinfer.kvcache;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.ClosedChunks;
import io.longinfer.kernels.device.CpuKernels;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.WorkerPool;

/** Takes a cache through layers and steps as a model does. */
final class Steps {
    private Steps() {}

    /** One cache with the scalar kernels, and what it shares with others; the latter is closed. */
    static KvCaches open(DecoderShape shape, int context, KvConfig config, FakeDevice device) {
        return new KvCaches(shape, new int[] {context}, config, device, WorkerPool.sequential(), CpuKernels.scalar());
    }

    /** A layer up to its append: selects, reads ahead for the next, attends. */
    static void attend(KvCache cache, FakeSession session, int layer, int tokens) {
        session.project(layer, tokens);
        cache.prepare(layer, session, 0);
        if (layer + 1 < session.shape.layers()) {
            cache.readAhead(layer + 1, session.predictQueries(layer + 1), 0);
        }
        cache.attendPast(layer, session, 0);
    }

    /** Reads a prompt of whole chunks in blocks. */
    static void prefill(KvCache cache, FakeSession session, int chunks) {
        for (int first = 0; first < chunks; first += 8) {
            int count = Math.min(8, chunks - first);
            for (int layer = 0; layer < session.shape.layers(); layer++) {
                attend(cache, session, layer, count * ChunkLayout.TOKENS);
                cache.append(layer, session.close(layer, first, count));
            }
        }
    }

    /** Decodes tokens that close no chunk. */
    static void decode(KvCache cache, FakeSession session, int steps) {
        ClosedChunks none = session.none(cache.chunks(0));
        for (int step = 0; step < steps; step++) {
            for (int layer = 0; layer < session.shape.layers(); layer++) {
                attend(cache, session, layer, 1);
                cache.append(layer, none);
            }
        }
    }
}
