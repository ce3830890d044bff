package io.longinfer.kvcache.chunk;

import java.util.Arrays;

/**
 * The closed chunks of one layer: how many there are, which of them are pinned (sinks and recent ones), and how important
 * each has been: the decayed mean of its attention mass. A chunk is named by {@code id = kvHead * chunksPerHead + chunk}.
 *
 * <p>Only the order of importances matters, so nothing is decayed: instead each step's masses weigh more than the last's by
 * 1/decay. A step costs as much as it attends, not as much as there is. Not thread-safe.
 */
public final class LayerChunks {
    private static final float RENORMALISE_AT = 1e12f;

    private final int kvHeads;
    private final int chunksPerHead;
    private final int sinkChunks;
    private final int recentChunks;
    private final float growth;
    private final float[] importance;
    private float weight = 1;
    private int closed;

    /**
     * A layer without chunks.
     *
     * @param chunksPerHead most chunks that a head can have
     * @param decay what importance keeps from step to step, above 0 and up to 1
     */
    public LayerChunks(int kvHeads, int chunksPerHead, int sinkChunks, int recentChunks, double decay) {
        this.kvHeads = kvHeads;
        this.chunksPerHead = chunksPerHead;
        this.sinkChunks = sinkChunks;
        this.recentChunks = recentChunks;
        growth = (float) (1 / decay);
        importance = new float[Math.multiplyExact(kvHeads, chunksPerHead)];
    }

    /** KV heads. */
    public int kvHeads() {
        return kvHeads;
    }

    /** Most chunks that a head can have. */
    public int chunksPerHead() {
        return chunksPerHead;
    }

    /** Ids there can be. */
    public int ids() {
        return importance.length;
    }

    /** The id of a chunk. */
    public int id(int kvHead, int chunk) {
        return kvHead * chunksPerHead + chunk;
    }

    /** The KV head of an id. */
    public int kvHead(int id) {
        return id / chunksPerHead;
    }

    /** The chunk of an id. */
    public int chunk(int id) {
        return id % chunksPerHead;
    }

    /** Closed chunks of each head. */
    public int closed() {
        return closed;
    }

    /** Notes that {@code count} more chunks of each head are closed. */
    public void close(int count) {
        closed += count;
    }

    /** Whether a chunk is a sink or recent, and so stays on the fastest tier that has room. */
    public boolean pinned(int id) {
        int chunk = chunk(id);
        return chunk < sinkChunks || chunk >= closed - recentChunks;
    }

    /** How important a chunk has been, on a scale of this layer and moment; 0 if it was never attended. */
    public float importance(int id) {
        return importance[id];
    }

    /** Adds what a chunk weighed in the current step, 0 to 1. */
    public void addMass(int id, float mass) {
        importance[id] += weight * mass;
    }

    /** Ends a decoding step: what follows weighs more. */
    public void endStep() {
        weight *= growth;
        if (weight > RENORMALISE_AT) {
            for (int id = 0; id < importance.length; id++) {
                importance[id] /= weight;
            }
            weight = 1;
        }
    }

    /** Forgets all chunks. */
    public void reset() {
        Arrays.fill(importance, 0);
        weight = 1;
        closed = 0;
    }
}
