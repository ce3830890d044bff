package io.longinfer.kvcache.selection;

import io.longinfer.kernels.attention.ChunkLayout;
import java.util.Arrays;

/**
 * What is left of each (layer, KV head) of a sequence: the most recent chunks, and of those before them the items, tokens or
 * whole chunks, that have received the most attention. What is evicted never comes back, whatever the budget becomes. Not
 * thread-safe.
 */
final class HeavyHitters {
    private final int kvHeads;
    private final int itemTokens;
    private final TokenMasses masses;
    private final BestLeaves best;

    /** {@code [layers * kvHeads][chunks]}: tokens that are left, a bit each. */
    private final int[][] left;

    /** {@code [layers * kvHeads]}: chunks that have ceased to be recent, and how many of their items are left. */
    private final int[] judged;

    private final int[] kept;

    /**
     * Everything is left.
     *
     * @param itemTokens tokens that are kept or evicted together, 1 or 16
     */
    HeavyHitters(int layers, int kvHeads, int chunksPerHead, int itemTokens, TokenMasses masses) {
        this.kvHeads = kvHeads;
        this.itemTokens = itemTokens;
        this.masses = masses;
        best = new BestLeaves(chunksPerHead * itemsPerChunk());
        left = new int[layers * kvHeads][chunksPerHead];
        judged = new int[left.length];
        kept = new int[left.length];
        reset();
    }

    private int itemsPerChunk() {
        return ChunkLayout.TOKENS / itemTokens;
    }

    /**
     * Selects what is left of a layer that attends as much as {@code attended} of its {@code chunks} chunks, half of it the most
     * recent (of an odd number the greater half), after evicting what is too much. To do so twice changes nothing.
     */
    void select(int layer, int chunks, int attended, Selection selection) {
        int recent = Math.ceilDiv(attended, 2);
        for (int head = 0; head < kvHeads; head++) {
            evict(layer, head, chunks - recent, (attended - recent) * itemsPerChunk());
            int[] masks = left[layer * kvHeads + head];
            selection.clear(head);
            for (int chunk = 0; chunk < chunks; chunk++) {
                if (masks[chunk] != 0) {
                    selection.add(head, chunk, masks[chunk]);
                }
            }
        }
    }

    /** Leaves at most {@code most} items of the chunks before {@code end}. */
    private void evict(int layer, int head, int end, int most) {
        int row = layer * kvHeads + head;
        if (end > judged[row]) {
            kept[row] += (end - judged[row]) * itemsPerChunk();
            judged[row] = end;
        }
        if (kept[row] <= most) {
            return;
        }
        float[] sums = masses.of(layer, head);
        int[] masks = left[row];
        best.clear(most);
        for (int item = 0; item < judged[row] * itemsPerChunk(); item++) {
            if ((masks[chunk(item)] & mask(item)) != 0) {
                best.offer(sum(sums, item), item);
            }
        }
        Arrays.fill(masks, 0, judged[row], 0);
        for (int i = 0; i < best.size(); i++) {
            masks[chunk(best.leaf(i))] |= mask(best.leaf(i));
        }
        kept[row] = best.size();
    }

    private int chunk(int item) {
        return item * itemTokens / ChunkLayout.TOKENS;
    }

    private int mask(int item) {
        return itemTokens == 1 ? 1 << item % ChunkLayout.TOKENS : ChunkLayout.ALL_TOKENS;
    }

    private float sum(float[] sums, int item) {
        float sum = 0;
        for (int t = item * itemTokens; t < (item + 1) * itemTokens; t++) {
            sum += sums[t];
        }
        return sum;
    }

    /** Forgets the sequence. */
    void reset() {
        for (int[] masks : left) {
            Arrays.fill(masks, ChunkLayout.ALL_TOKENS);
        }
        Arrays.fill(judged, 0);
        Arrays.fill(kept, 0);
    }
}
