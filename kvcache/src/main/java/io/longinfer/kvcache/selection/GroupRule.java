package io.longinfer.kvcache.selection;

/** How the normalised scores of the query heads that share a KV head become one score per chunk. */
public enum GroupRule {
    /** The mean: a chunk counts by how much the heads want it together. */
    MEAN,
    /** The maximum: a chunk counts by the head that wants it most. */
    MAX
}
