package io.longinfer.kvcache.selection;

import io.longinfer.kernels.attention.AttentionKernels;
import io.longinfer.kernels.attention.AttentionState;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.WorkerPool;
import io.longinfer.kvcache.speculation.PartialKeys;
import io.longinfer.kvcache.speculation.Speculation;
import io.longinfer.kvcache.speculation.SpeculationOptions;

/**
 * InfiniGen (arXiv 2406.19707): tokens of a layer are chosen while the layer before computes, by scores that are speculated from
 * that one's input through this one's query projection, with a few channels of skewed queries and keys. Important are the tokens
 * within alpha of a head's greatest score; every head takes as many of its best as the heads find important on average, at most
 * the budget's.
 *
 * <p>As in the authors' code the first {@link Speculation#FULL_LAYERS} layers attend everything, and so does a sequence whose
 * prompt was too short to learn from. Where ours differs:
 *
 * <ul>
 *   <li>The skew is found per KV head from the prompt at hand, its queries and keys after RoPE, at the prompt's end, not from a
 *       sample text before; the model's weights stay as they are, queries are projected as they come.
 *   <li>With grouped queries, a token's score is its best among the group's query heads, each relative to its own greatest one:
 *       it is important if any of them says so. Without groups this is the paper's rule.
 *   <li>Sinks and recent tokens are always attended, as with every selector here, and so is the open chunk, which takes no
 *       part in scores.
 *   <li>Tokens are chosen one by one, but lie and move in chunks of 16: bytes are those of all chunks with a chosen token. The
 *       tiers' placement stands in for the paper's pool and its eviction; nothing is ever lost.
 * </ul>
 *
 * <p>KV heads are scored by the workers at once. Used by one thread; owns nothing.
 */
public final class InfinigenSelector implements Selector {
    private final SelectionBudget budget;
    private final float alpha;
    private final DecoderShape shape;
    private final Speculation speculation;
    private final AttentionKernels kernels;
    private final WorkerPool workers;
    private final int stride;

    /** {@code [kvHeads][group][channels]}, {@code [kvHeads][group][stride]} */
    private final float[][] projected;

    private final float[][] scores;

    /** {@code [kvHeads][tokens]}: how far a token is below the best, for the query head that likes it most. */
    private final float[][] best;

    private final float[][] scratch;
    private final int[] important;
    private final WorkerPool.Task scoreTask = this::score;
    private final WorkerPool.Task chooseTask = this::choose;

    // The job of the tasks.
    private int layer;
    private int chunks;
    private float[] queries = {};
    private int queryOffset;
    private int chosenTokens;
    private Selection selection;

    /** A selector for one sequence. */
    public InfinigenSelector(
            SelectionBudget budget,
            SpeculationOptions options,
            DecoderShape shape,
            int chunksPerHead,
            Speculation speculation,
            AttentionKernels kernels,
            WorkerPool workers) {
        this.budget = budget;
        alpha = (float) options.alpha();
        this.shape = shape;
        this.speculation = speculation;
        this.kernels = kernels;
        this.workers = workers;
        int heads = shape.kvHeads();
        int tokens = chunksPerHead * ChunkLayout.TOKENS;
        stride = tokens + ChunkLayout.TOKENS;
        projected = new float[heads][shape.group() * speculation.partialKeys().channels()];
        scores = new float[heads][shape.group() * stride];
        best = new float[heads][tokens];
        scratch = new float[heads][tokens];
        important = new int[heads];
        selection = new Selection(heads, 0);
    }

    @Override
    public boolean speculates() {
        return true;
    }

    @Override
    public boolean chooses(int layer, int chunks) {
        return layer >= Speculation.FULL_LAYERS && speculation.learned() && attendedChunks(layer, chunks) < chunks;
    }

    @Override
    public int attendedChunks(int layer, int chunks) {
        return budget.attendedChunks(layer, chunks);
    }

    @Override
    public void select(int layer, int chunks, float[] queries, int queryOffset, Selection selection) {
        guess(layer, chunks, queries, queryOffset, selection);
    }

    @Override
    public void guess(int layer, int chunks, float[] queries, int queryOffset, Selection selection) {
        this.layer = layer;
        this.chunks = chunks;
        this.queries = queries;
        this.queryOffset = queryOffset;
        this.selection = selection;
        workers.forEach(shape.kvHeads(), scoreTask);
        long sum = 0;
        for (int count : important) {
            sum += count;
        }
        int most = budget.chosenChunks(layer, chunks) * ChunkLayout.TOKENS;
        chosenTokens = (int) Math.min(most, sum / important.length);
        workers.forEach(shape.kvHeads(), chooseTask);
    }

    @SuppressWarnings("UnusedVariable") // a WorkerPool.Task
    private void score(int head, int worker) {
        PartialKeys keys = speculation.partialKeys();
        int group = shape.group();
        for (int g = 0; g < group; g++) {
            int query = queryOffset + (head * group + g) * shape.headDim();
            keys.project(layer, head, queries, query, projected[head], g * keys.channels());
        }
        float[] rows = scores[head];
        keys.scores(kernels, layer, head, chunks, projected[head], group, rows, stride);
        int tokens = chunks * ChunkLayout.TOKENS;
        float[] above = best[head];
        for (int g = 0; g < group; g++) {
            int row = g * stride;
            float max = AttentionState.FLOOR;
            for (int t = 0; t < tokens; t++) {
                max = Math.max(max, rows[row + t]);
            }
            for (int t = 0; t < tokens; t++) {
                float relative = rows[row + t] - max;
                above[t] = g == 0 ? relative : Math.max(above[t], relative);
            }
        }
        int count = 0;
        for (int t = 0; t < tokens; t++) {
            count += above[t] > -alpha ? 1 : 0;
        }
        important[head] = count;
    }

    @SuppressWarnings("UnusedVariable") // a WorkerPool.Task
    private void choose(int head, int worker) {
        float[] above = best[head];
        int tokens = chunks * ChunkLayout.TOKENS;
        float least = Float.POSITIVE_INFINITY;
        int equal = 0;
        if (chosenTokens > 0) {
            least = LargestValues.smallestOf(above, tokens, chosenTokens, scratch[head]);
            equal = chosenTokens;
            for (int t = 0; t < tokens; t++) {
                equal -= above[t] > least ? 1 : 0;
            }
        }
        selection.clear(head);
        for (int chunk = 0; chunk < chunks; chunk++) {
            boolean whole = chunk < budget.sinkChunks() || chunk >= chunks - budget.recentChunks();
            int mask = whole ? ChunkLayout.ALL_TOKENS : 0;
            for (int t = 0; t < ChunkLayout.TOKENS; t++) {
                float value = above[chunk * ChunkLayout.TOKENS + t];
                // Of equal ones, the oldest.
                if (value > least || (value == least && equal-- > 0)) {
                    mask |= 1 << t;
                }
            }
            if (mask != 0) {
                selection.add(head, chunk, mask);
            }
        }
    }
}
