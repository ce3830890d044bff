package io.longinfer.kvcache.tier;

import java.util.Arrays;

/**
 * The closed chunks of a sequence by number, and how important each has been. A chunk's <i>importance</i> is a decayed sum
 * over the decoding steps that attended it: one for having been needed (whatever it weighs, it has to be there), and up to one
 * more for its attention mass against that of an average chunk. What was needed often, lately and with weight is kept. A step
 * counts from its end on, for all layers at once: or a chunk would outdo an equal one of a later layer, whose turn is yet to
 * come, and would find its own place taken in the next step; and one that comes round rarely would look like the best.
 *
 * <p>Ids count through layers, KV heads and chunks in this order. Importances are kept on a scale that grows instead of being
 * decayed one by one. Not thread-safe.
 */
public final class ChunkTable {
    private static final float RESCALE_AT = 1e12f;

    private final int layers;
    private final int kvHeads;
    private final int chunksPerHead;
    private final int sinkChunks;
    private final int recentChunks;
    private final float growth;
    private final float[] importance;
    private final float[] mass;
    private final int[] closed;
    private float weight = 1;

    // What the current step attended: chunks, and what they will gain.
    private int[] attended = new int[64];
    private float[] gains = new float[64];
    private int attendedCount;

    /**
     * A sequence without chunks.
     *
     * @param sinkChunks first chunks, always attended
     * @param recentChunks newest closed chunks, always attended
     * @param decay what an importance keeps from one decoding step to the next, above 0 and up to 1
     */
    public ChunkTable(int layers, int kvHeads, int chunksPerHead, int sinkChunks, int recentChunks, double decay) {
        this.layers = layers;
        this.kvHeads = kvHeads;
        this.chunksPerHead = chunksPerHead;
        this.sinkChunks = sinkChunks;
        this.recentChunks = recentChunks;
        growth = (float) (1 / decay);
        int ids = Math.multiplyExact(Math.multiplyExact(layers, kvHeads), chunksPerHead);
        importance = new float[ids];
        mass = new float[ids];
        closed = new int[layers];
        reset();
    }

    /** Layers. */
    public int layers() {
        return layers;
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
    public int id(int layer, int kvHead, int chunk) {
        return (layer * kvHeads + kvHead) * chunksPerHead + chunk;
    }

    /** The layer of an id. */
    public int layer(int id) {
        return id / chunksPerHead / kvHeads;
    }

    /** The KV head of an id. */
    public int kvHead(int id) {
        return id / chunksPerHead % kvHeads;
    }

    /** The chunk of an id. */
    public int chunk(int id) {
        return id % chunksPerHead;
    }

    /** Closed chunks of each head of {@code layer}. */
    public int closed(int layer) {
        return closed[layer];
    }

    /** Notes that {@code count} more chunks of each head of {@code layer} are closed. */
    public void close(int layer, int count) {
        closed[layer] += count;
    }

    /** First chunks, which stay pinned for good. */
    public int sinkChunks() {
        return sinkChunks;
    }

    /** Newest closed chunks, which are pinned while they are the newest. */
    public int recentChunks() {
        return recentChunks;
    }

    /** Whether a chunk is a sink or recent, and so stays on the fastest tier that has room. */
    public boolean pinned(int id) {
        int chunk = chunk(id);
        return chunk < sinkChunks || chunk >= closed[layer(id)] - recentChunks;
    }

    /** How important a chunk has been up to the last step, on the scale of this moment; 0 if none attended it. */
    public float importance(int id) {
        return importance[id];
    }

    /** The chunk's mass when it was last attended, 1 being that of an average chunk of its layer; negative if it never was. */
    public float relativeMass(int id) {
        return mass[id];
    }

    /** Notes that the current step attends a chunk, which weighs {@code mass}, 0 to 1. */
    public void attended(int id, float mass) {
        float relative = mass * closed[layer(id)];
        this.mass[id] = relative;
        if (attendedCount == attended.length) {
            attended = Arrays.copyOf(attended, 2 * attendedCount);
            gains = Arrays.copyOf(gains, 2 * attendedCount);
        }
        attended[attendedCount] = id;
        gains[attendedCount++] = 1 + Math.min(1, relative);
    }

    /**
     * Ends a decoding step of all layers: what it attended gains, and what follows weighs more. Returns by what all importances
     * were multiplied then.
     */
    public float endStep() {
        for (int i = 0; i < attendedCount; i++) {
            importance[attended[i]] += weight * gains[i];
        }
        attendedCount = 0;
        weight *= growth;
        if (weight < RESCALE_AT) {
            return 1;
        }
        float factor = 1 / weight;
        for (int id = 0; id < importance.length; id++) {
            importance[id] *= factor;
        }
        weight = 1;
        return factor;
    }

    /** Forgets all chunks. */
    public void reset() {
        Arrays.fill(importance, 0);
        Arrays.fill(mass, -1);
        Arrays.fill(closed, 0);
        attendedCount = 0;
        weight = 1;
    }
}
