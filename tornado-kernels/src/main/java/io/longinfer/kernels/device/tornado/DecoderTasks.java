package io.longinfer.kernels.device.tornado;

import io.longinfer.kernels.attention.PoolFormat;
import io.longinfer.kernels.attention.TornadoDecodeAttention;
import io.longinfer.kernels.attention.TornadoKvKernels;
import io.longinfer.kernels.attention.TornadoMergeAttention;
import io.longinfer.kernels.attention.TornadoPrefillAttention;
import io.longinfer.kernels.device.Alignment;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.DecoderTraits;
import io.longinfer.kernels.device.DeviceProfile;
import io.longinfer.kernels.device.DeviceProfile.Feature;
import io.longinfer.kernels.elementwise.TornadoElementwise;
import io.longinfer.kernels.elementwise.TornadoNorms;
import io.longinfer.kernels.elementwise.TornadoRotation;
import io.longinfer.kernels.linear.ProductForm;
import java.util.Optional;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Adds the tasks of a decoder's stages to graphs, for blocks of one kind: <i>decoding</i> (one row a sequence) takes products
 * with few rows and attention split over the context, <i>prefill</i> tiles. A graph serves all layers: which one is meant stands
 * in the step.
 */
final class DecoderTasks {
    private final DecoderShape shape;
    private final DeviceWeights weights;
    private final BlockArrays block;
    private final KvArrays kv;
    private final KernelContext context;
    private final boolean decoding;
    private final ProductTasks products;
    private final int shuffles;
    private final int normKind;
    private final int style;

    DecoderTasks(
            DecoderShape shape,
            DeviceWeights weights,
            BlockArrays block,
            KvArrays kv,
            KernelContext context,
            boolean decoding,
            Optional<MatrixUnitArrays> matrixUnits,
            DeviceProfile profile) {
        this.shape = shape;
        this.weights = weights;
        this.block = block;
        this.kv = kv;
        this.context = context;
        this.decoding = decoding;
        products = new ProductTasks(context, decoding, matrixUnits, profile.has(Feature.WARP_SHUFFLES), block.maxRows);
        shuffles = profile.has(Feature.WARP_SHUFFLES) ? 1 : 0;
        normKind = shape.traits().norm() == DecoderTraits.Norm.RMS ? TornadoNorms.RMS : TornadoNorms.LAYER;
        style = (shape.rope().interleaved() ? TornadoRotation.INTERLEAVED : 0)
                | (shape.traits().normsHeads() ? TornadoRotation.NORMS_HEADS : 0)
                | (shuffles == 1 ? TornadoRotation.SHUFFLES : 0);
    }

    /** What the host has sent becomes the hidden state. */
    void load(Graphs.Stage stage) {
        stage.input(block.step, block.sent);
        stage.graph()
                .task(
                        "load",
                        TornadoElementwise::load,
                        context,
                        block.step,
                        block.sent,
                        block.hidden,
                        shape.width(),
                        Alignment.FIRST);
        stage.grid("load", TornadoElementwise.loadGrid(block.maxRows, shape.width()));
    }

    /** Norm, query, key and value, RoPE, append. */
    void project(Graphs.Stage stage) {
        stage.input(block.step, block.cos, block.sin);
        projectRows(stage);
    }

    private void projectRows(Graphs.Stage stage) {
        norm(stage, "norm", block.step, weights.attentionNorm, weights.attentionNormBias);
        int outputs = weights.projection.outputs();
        products.product(
                stage,
                "projection",
                block.step,
                block.normed,
                weights.projection,
                weights.projectionBias,
                block.projected,
                outputs,
                ProductForm.STORE);
        rotate(stage, "rotate", block.step, block.projected, block.queries, shape.kvHeads());
        stage.graph()
                .task(
                        "append",
                        TornadoKvKernels::append,
                        context,
                        block.step,
                        block.keys,
                        block.values,
                        kv.keys,
                        kv.values,
                        Alignment.FIRST,
                        shape.kvWidth(),
                        shape.headDim());
        stage.grid("append", TornadoKvKernels.appendGrid(shape.kvWidth(), block.maxRows));
    }

    /** {@link #project}, and behind it {@link #guess}. */
    void projectAndGuess(Graphs.Stage stage) {
        stage.input(block.step, block.nextStep, block.cos, block.sin);
        projectRows(stage);
        guessRows(stage);
    }

    /** Guesses the queries of the layer that the next step names from the hidden state. */
    void guess(Graphs.Stage stage) {
        stage.input(block.nextStep, block.cos, block.sin);
        guessRows(stage);
    }

    private void guessRows(Graphs.Stage stage) {
        norm(stage, "guessNorm", block.nextStep, weights.attentionNorm, weights.attentionNormBias);
        products.product(
                stage,
                "guessProjection",
                block.nextStep,
                block.normed,
                weights.projection,
                weights.projectionBias,
                block.guessedProjection,
                shape.queryWidth(),
                ProductForm.STORE);
        rotate(stage, "guessRotate", block.nextStep, block.guessedProjection, block.guessed, 0);
    }

    /** Brings staged chunks to their slots. */
    void scatter(Graphs.Stage stage, StagingArrays staging) {
        stage.input(block.step, staging.chunks, staging.slots);
        scatterChunks(stage, staging);
    }

    private void scatterChunks(Graphs.Stage stage, StagingArrays staging) {
        stage.graph()
                .task(
                        "scatter",
                        TornadoKvKernels::scatter,
                        context,
                        block.step,
                        staging.slots,
                        staging.chunks,
                        kv.keys,
                        kv.values,
                        Alignment.FIRST,
                        shape.headDim());
        stage.grid("scatter", TornadoKvKernels.scatterGrid(staging.capacity));
    }

    /** Attention over the table, merged into the running state. */
    void attend(Graphs.Stage stage) {
        stage.input(block.step);
        attendEntries(stage);
    }

    private void attendEntries(Graphs.Stage stage) {
        stage.input(kv.table);
        if (decoding) {
            attendSplits(stage);
        } else {
            attendTiles(stage);
        }
    }

    private void attendSplits(Graphs.Stage stage) {
        stage.graph()
                .task(
                        "attend",
                        TornadoDecodeAttention::decode,
                        context,
                        block.step,
                        kv.table,
                        weights.windows,
                        block.queries,
                        kv.keys,
                        kv.values,
                        kv.partialSoftmax,
                        kv.partials,
                        kv.record,
                        Alignment.FIRST,
                        shape.kvHeads(),
                        shape.group(),
                        shape.headDim(),
                        KvArrays.SPLITS,
                        PoolFormat.FP16,
                        shuffles)
                .task(
                        "merge",
                        TornadoMergeAttention::merge,
                        context,
                        block.step,
                        kv.partialSoftmax,
                        kv.partials,
                        block.softmax,
                        block.accumulators,
                        block.attended,
                        Alignment.FIRST,
                        shape.heads(),
                        shape.headDim(),
                        KvArrays.SPLITS);
        stage.grid(
                "attend",
                TornadoDecodeAttention.grid(
                        shape.kvHeads(), shape.group(), shape.headDim(), KvArrays.SPLITS, block.maxRows));
        stage.grid("merge", TornadoMergeAttention.grid(shape.heads(), block.maxRows));
    }

    private void attendTiles(Graphs.Stage stage) {
        stage.input(kv.tiles);
        stage.graph()
                .task(
                        "attend",
                        TornadoPrefillAttention::prefill,
                        context,
                        block.step,
                        kv.table,
                        kv.tiles,
                        weights.windows,
                        block.queries,
                        kv.keys,
                        kv.values,
                        block.softmax,
                        block.accumulators,
                        block.attended,
                        Alignment.FIRST,
                        shape.kvHeads(),
                        shape.group(),
                        shape.headDim());
        stage.grid("attend", TornadoPrefillAttention.grid(shape.kvHeads(), shape.headDim(), kv.maxTiles));
    }

    /** {@link #attend}, then output projection and feed-forward. */
    void finish(Graphs.Stage stage) {
        stage.input(block.step);
        attendEntries(stage);
        finishRows(stage);
    }

    /** {@link #scatter}, then {@link #finish}. */
    void scatterAndFinish(Graphs.Stage stage, StagingArrays staging) {
        stage.input(block.step, staging.chunks, staging.slots);
        scatterChunks(stage, staging);
        attendEntries(stage);
        finishRows(stage);
    }

    private void finishRows(Graphs.Stage stage) {
        int width = shape.width();
        products.product(
                stage,
                "output",
                block.step,
                block.attended,
                weights.attentionOutput,
                weights.attentionOutputBias,
                block.hidden,
                width,
                ProductForm.ADD);
        norm(stage, "norm", block.step, weights.feedForwardNorm, weights.feedForwardNormBias);
        int end = shape.traits().feedForward() == DecoderTraits.FeedForward.RELU ? ProductForm.RELU : ProductForm.GATED;
        products.product(
                stage,
                "up",
                block.step,
                block.normed,
                weights.up,
                weights.upBias,
                block.inner,
                shape.feedForward(),
                end);
        products.product(
                stage,
                "down",
                block.step,
                block.inner,
                weights.down,
                weights.downBias,
                block.hidden,
                width,
                ProductForm.ADD);
    }

    /** Logits of the rows that the step names. */
    void logits(Graphs.Stage stage, LogitsArrays logits) {
        stage.input(block.step);
        stage.graph()
                .task(
                        "norm",
                        TornadoNorms::norm,
                        context,
                        block.step,
                        block.hidden,
                        weights.outputNorm,
                        weights.outputNormBias,
                        logits.normed,
                        shape.width(),
                        shape.normEpsilon(),
                        Alignment.FIRST,
                        normKind,
                        1,
                        shuffles);
        stage.grid("norm", TornadoNorms.grid(LogitsArrays.ROWS));
        ProductForm form = ProductForm.of(weights.output).on(shuffles == 1).forLogits();
        products.matVec(
                stage,
                "logits",
                block.step,
                logits.normed,
                weights.output,
                weights.noBias,
                logits.logits,
                shape.vocabulary(),
                form.forSeveralRows());
    }

    private void norm(Graphs.Stage stage, String name, IntArray step, FloatArray weight, FloatArray bias) {
        stage.graph()
                .task(
                        name,
                        TornadoNorms::norm,
                        context,
                        step,
                        block.hidden,
                        weight,
                        bias,
                        block.normed,
                        shape.width(),
                        shape.normEpsilon(),
                        Alignment.FIRST,
                        normKind,
                        0,
                        shuffles);
        stage.grid(name, TornadoNorms.grid(block.maxRows));
    }

    /** Without KV heads, queries alone. */
    private void rotate(
            Graphs.Stage stage, String name, IntArray step, FloatArray projected, FloatArray queries, int kvHeads) {
        stage.graph()
                .task(
                        name,
                        TornadoRotation::rotateHeads,
                        context,
                        step,
                        projected,
                        weights.queryNorm,
                        weights.keyNorm,
                        block.cos,
                        block.sin,
                        weights.rotates,
                        queries,
                        block.keys,
                        block.values,
                        shape.heads(),
                        kvHeads,
                        shape.headDim(),
                        shape.rope().rotated(),
                        shape.normEpsilon(),
                        Alignment.FIRST,
                        style);
        stage.grid(name, TornadoRotation.grid(block.maxRows, shape.heads(), kvHeads));
    }

    /** Whether the tasks are for blocks of one row a sequence. */
    boolean decoding() {
        return decoding;
    }

    /** The kind of block that the tasks are for. */
    BlockArrays block() {
        return block;
    }
}
