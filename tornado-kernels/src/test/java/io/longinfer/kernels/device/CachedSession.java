package io.longinfer.kernels.device;

import io.longinfer.kernels.attention.ChunkLayout;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** A session with the plainest cache: of each sequence every closed chunk kept and attended. */
final class CachedSession implements AutoCloseable {
    final DeviceSession session;
    final DecoderShape shape;
    final int[] positions;
    private final int chunksPerHead;
    private final List<List<KvPool>> pools = new ArrayList<>();
    private final Block block = new Block();

    /** Asked for a layer's prediction between its predecessor's project and finish. */
    interface Observer {
        void projected(int layer);
    }

    Observer observer = layer -> {};

    CachedSession(DecoderWeights weights, Device device, int maxTokens, int sequences) {
        shape = weights.shape();
        chunksPerHead = maxTokens / ChunkLayout.TOKENS + 1;
        positions = new int[sequences];
        session = device.open(weights, 320, sequences);
        for (int sequence = 0; sequence < sequences; sequence++) {
            List<KvPool> ofSequence = new ArrayList<>();
            for (int layer = 0; layer < shape.layers(); layer++) {
                int slots = shape.kvHeads() * chunksPerHead;
                ofSequence.add(session.allocatePool(new ChunkLayout(shape.headDim()), slots));
            }
            pools.add(ofSequence);
        }
    }

    /** The next {@code counts[i]} tokens of {@code ids[i]} for each sequence in {@code sequences}, in one block. */
    void read(int[] sequences, int[][] ids, int[] counts) {
        block.clear();
        for (int i = 0; i < sequences.length; i++) {
            int position = positions[sequences[i]];
            block.add(sequences[i], position, ids[i], position, counts[i]);
        }
        session.begin(block);
        for (int layer = 0; layer < shape.layers(); layer++) {
            session.project(layer);
            observer.projected(layer);
            for (int segment = 0; segment < sequences.length; segment++) {
                session.attend(layer, segment, pool(sequences[segment], layer), past(sequences[segment]));
            }
            session.finish(layer);
            for (int segment = 0; segment < sequences.length; segment++) {
                keep(session.closedChunks(segment), pool(sequences[segment], layer));
            }
        }
        for (int i = 0; i < sequences.length; i++) {
            positions[sequences[i]] += counts[i];
        }
    }

    /** The next tokens of the first sequence. */
    void read(int[] ids, int count) {
        read(new int[] {0}, new int[][] {ids}, new int[] {count});
    }

    /** The logits of one row of the block. */
    float[] logits(int row) {
        float[] logits = new float[shape.vocabulary()];
        session.logits(row, 1, logits);
        return logits;
    }

    private BlockTable past(int sequence) {
        BlockTable table = new BlockTable(shape.kvHeads());
        for (int head = 0; head < shape.kvHeads(); head++) {
            for (int chunk = 0; chunk < positions[sequence] / ChunkLayout.TOKENS; chunk++) {
                table.add(head, chunk, head * chunksPerHead + chunk);
            }
        }
        return table;
    }

    private void keep(ClosedChunks closed, KvPool pool) {
        for (int head = 0; head < shape.kvHeads(); head++) {
            for (int c = 0; c < closed.count(); c++) {
                long offset = head * closed.headStrideBytes()
                        + (long) c * pool.layout().sizeBytes();
                pool.write(head * chunksPerHead + closed.first() + c, closed.memory(), offset);
            }
        }
    }

    private KvPool pool(int sequence, int layer) {
        return pools.get(sequence).get(layer);
    }

    /** Begins the first sequence with what that of another session has read. */
    void adopt(CachedSession source, int tokens) {
        byte[] chunk = new byte[new ChunkLayout(shape.headDim()).sizeBytes()];
        for (int layer = 0; layer < shape.layers(); layer++) {
            for (int slot = 0; slot < pool(0, layer).slots(); slot++) {
                source.pool(0, layer).read(slot, MemorySegment.ofArray(chunk), 0);
                pool(0, layer).write(slot, MemorySegment.ofArray(chunk), 0);
            }
        }
        session.resume(0, tokens);
        positions[0] = tokens;
    }

    void reset(int sequence) {
        session.reset(sequence);
        positions[sequence] = 0;
    }

    /** The slots of the first sequence's pool of a layer. */
    byte[] bytes(int layer) {
        KvPool pool = pool(0, layer);
        int chunkBytes = pool.layout().sizeBytes();
        byte[] bytes = new byte[pool.slots() * chunkBytes];
        for (int slot = 0; slot < pool.slots(); slot++) {
            pool.read(slot, MemorySegment.ofArray(bytes), (long) slot * chunkBytes);
        }
        return bytes;
    }

    @Override
    public void close() {
        pools.forEach(ofSequence -> ofSequence.forEach(KvPool::close));
        session.close();
    }
}
