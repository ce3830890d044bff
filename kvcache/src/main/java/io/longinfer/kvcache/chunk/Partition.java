package io.longinfer.kvcache.chunk;

import java.util.Arrays;

/**
 * The current partition of one layer: for each KV head an antichain of the chunk tree, of nodes of 16 leaves where attention
 * is a desert and of leaves elsewhere. Starts as all leaves. Different KV heads may be changed by different threads.
 */
public final class Partition {
    private static final int FAN_OUT = ChunkTree.FAN_OUT;

    private final PartitionOptions options;
    private final int nodes;
    private final boolean[] merged;
    /** Gap between a node's bound and its best leaf's; negative as long as none was measured. */
    private final float[] slack;

    private final int[] usedStep;
    private final int[] splits;
    private final int[] merges;
    private int step;
    private boolean byMass;

    /**
     * All leaves.
     *
     * @param nodes most nodes of 16 leaves that a head can have
     */
    public Partition(int kvHeads, int nodes, PartitionOptions options) {
        this.options = options;
        this.nodes = nodes;
        merged = new boolean[kvHeads * nodes];
        slack = new float[kvHeads * nodes];
        usedStep = new int[kvHeads * nodes];
        splits = new int[kvHeads];
        merges = new int[kvHeads];
        reset();
    }

    /** Begins a decoding step. */
    public void nextStep() {
        step++;
    }

    /** Whether a node stands for its leaves. */
    public boolean merged(int kvHead, int node) {
        return merged[kvHead * nodes + node];
    }

    /** What a merged node's bound is corrected by: the expected gap to its best leaf's; 0 if none was measured yet. */
    public float slack(int kvHead, int node) {
        return Math.max(0, slack[kvHead * nodes + node]);
    }

    /** Takes the gap between a node's bound and its best leaf's, seen when it was opened. */
    public void measure(int kvHead, int node, float gap) {
        int i = kvHead * nodes + node;
        float keep = slack[i] < 0 ? 0 : (float) options.slackDecay();
        slack[i] = keep * slack[i] + (1 - keep) * Math.max(0, gap);
    }

    /** Notes that a leaf of a node was selected: a merged node is split. */
    public void selected(int kvHead, int node) {
        int i = kvHead * nodes + node;
        if (merged[i] || !byMass) {
            usedStep[i] = step;
        }
        if (merged[i]) {
            merged[i] = false;
            splits[kvHead]++;
        }
    }

    /** From now on a leaf is of use not when it is selected, but when {@link #used} says so. */
    public void judgeByMass() {
        byMass = true;
    }

    /** Notes that a leaf of a node was of use. */
    public void used(int kvHead, int node) {
        usedStep[kvHead * nodes + node] = step;
    }

    /** Merges those of a head's first {@code count} nodes that were of no use for long. */
    public void mergeIdle(int kvHead, int count) {
        for (int i = kvHead * nodes; i < kvHead * nodes + count; i++) {
            if (!merged[i] && step - usedStep[i] >= options.mergeAfterSteps()) {
                merged[i] = true;
                merges[kvHead]++;
            }
        }
    }

    /**
     * Starts a head anew: a node is merged if all its leaves lie in deserts, the last one only if it is full.
     *
     * @param deserts {@code [leaves]}
     */
    public void start(int kvHead, boolean[] deserts, int leaves) {
        for (int node = 0; node < nodes; node++) {
            int end = (node + 1) * FAN_OUT;
            boolean all = end <= leaves;
            for (int leaf = node * FAN_OUT; all && leaf < end; leaf++) {
                all = deserts[leaf];
            }
            merged[kvHead * nodes + node] = all;
            usedStep[kvHead * nodes + node] = step;
        }
    }

    /** Merged nodes of all heads. */
    public int mergedNodes() {
        int count = 0;
        for (boolean node : merged) {
            count += node ? 1 : 0;
        }
        return count;
    }

    /** Nodes split so far. */
    public long splits() {
        return Arrays.stream(splits).asLongStream().sum();
    }

    /** Nodes merged during decoding so far. */
    public long merges() {
        return Arrays.stream(merges).asLongStream().sum();
    }

    /** Back to all leaves. */
    public void reset() {
        Arrays.fill(merged, false);
        Arrays.fill(slack, -1);
        Arrays.fill(usedStep, 0);
        resetCounts();
        step = 0;
        byMass = false;
    }

    /** Starts the counts of splits and merges anew. */
    public void resetCounts() {
        Arrays.fill(splits, 0);
        Arrays.fill(merges, 0);
    }
}
