package io.longinfer.kvcache.selection;

import io.longinfer.kernels.attention.ChunkLayout;
import java.util.Arrays;

/**
 * The attention that each token has received, summed over all queries since the prompt's start, of each (layer, KV head): a query
 * adds what the token weighs, mean over the head's query heads. Four bytes a token outside all budgets. Threads may add to
 * different heads.
 */
public final class TokenMasses {
    private final int kvHeads;

    /** {@code [layers * kvHeads][tokens]} */
    private final float[][] sums;

    /**
     * All zero.
     *
     * @param chunksPerHead most closed chunks; there is room for an open one behind them
     */
    public TokenMasses(int layers, int kvHeads, int chunksPerHead) {
        this.kvHeads = kvHeads;
        sums = new float[layers * kvHeads][(chunksPerHead + 1) * ChunkLayout.TOKENS];
    }

    /** {@code [tokens]}: the sums of a head, by position, to be added to. */
    public float[] of(int layer, int kvHead) {
        return sums[layer * kvHeads + kvHead];
    }

    /** Adds what the 16 tokens of a chunk weigh for a query. */
    public void add(int layer, int kvHead, int chunk, float[] masses) {
        float[] head = of(layer, kvHead);
        for (int t = 0; t < ChunkLayout.TOKENS; t++) {
            head[chunk * ChunkLayout.TOKENS + t] += masses[t];
        }
    }

    /** Becomes a copy of another sequence's first tokens, as far as there is room for them. */
    public void copy(TokenMasses source) {
        for (int i = 0; i < sums.length; i++) {
            Arrays.fill(sums[i], 0);
            System.arraycopy(source.sums[i], 0, sums[i], 0, Math.min(sums[i].length, source.sums[i].length));
        }
    }

    /** Forgets the sequence. */
    public void reset() {
        for (float[] head : sums) {
            Arrays.fill(head, 0);
        }
    }
}
