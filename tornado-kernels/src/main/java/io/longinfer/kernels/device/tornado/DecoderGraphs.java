package io.longinfer.kernels.device.tornado;

import io.longinfer.kernels.attention.TornadoKvKernels;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.DecoderWeights;
import io.longinfer.kernels.device.DeviceProfile;
import java.util.Optional;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The graphs of a decoder in one plan, and the arrays that they work on. A decoding step executes two of them a layer. Not
 * thread-safe.
 */
final class DecoderGraphs implements AutoCloseable {
    /** Chunks that come with the second execution of a layer, and with one of their own if there are more. */
    private static final int FEW_CHUNKS = 64;

    private static final int MANY_CHUNKS = 512;

    final Graphs graphs;
    final BlockArrays decodeBlock;
    final BlockArrays prefillBlock;
    final KvArrays kv;
    final LogitsArrays logits;
    final StagingArrays few;
    final StagingArrays many;
    final Stages decode;
    final Stages prefill;

    /** The graphs of one kind of block. */
    record Stages(
            boolean decoding,
            BlockArrays block,
            Graphs.Stage load,
            Graphs.Stage project,
            Graphs.Stage projectAndGuess,
            Graphs.Stage guess,
            Graphs.Stage scatter,
            Graphs.Stage attend,
            Graphs.Stage finish,
            Graphs.Stage scatterAndFinish,
            Graphs.Stage logits) {}

    DecoderGraphs(
            DecoderWeights source,
            int slots,
            int entries,
            int maxBlockTokens,
            int sequences,
            TornadoDevice device,
            DeviceProfile profile) {
        DecoderShape shape = source.shape();
        graphs = new Graphs(device);
        DeviceWeights weights = new DeviceWeights(source, graphs);
        decodeBlock = new BlockArrays(shape, sequences, graphs);
        prefillBlock = new BlockArrays(shape, maxBlockTokens, graphs);
        kv = new KvArrays(shape, slots, entries, sequences, maxBlockTokens, sequences, graphs);
        logits = new LogitsArrays(shape, graphs);
        few = new StagingArrays(Math.min(FEW_CHUNKS, slots), kv.slotInts);
        many = new StagingArrays(Math.min(MANY_CHUNKS, slots), kv.slotInts);
        Optional<MatrixUnitArrays> matrixUnits = profile.has(DeviceProfile.Feature.MATRIX_UNITS)
                ? Optional.of(new MatrixUnitArrays(weights, maxBlockTokens, graphs))
                : Optional.empty();
        decode = stages(
                "decode",
                new DecoderTasks(shape, weights, decodeBlock, kv, graphs.context(), true, Optional.empty(), profile));
        prefill = stages(
                "prefill",
                new DecoderTasks(shape, weights, prefillBlock, kv, graphs.context(), false, matrixUnits, profile));
        fill("fillKeys", kv.keys);
        fill("fillValues", kv.values);
    }

    private void fill(String name, IntArray array) {
        graphs.home().graph().task(name, TornadoKvKernels::fill, graphs.context(), array, array.getSize());
        graphs.home().grid(name, TornadoKvKernels.fillGrid());
    }

    private Stages stages(String kind, DecoderTasks tasks) {
        Graphs.Stage load = graphs.stage(kind + "Load");
        tasks.load(load);
        Graphs.Stage project = graphs.stage(kind + "Project");
        tasks.project(project);
        Graphs.Stage projectAndGuess = graphs.stage(kind + "ProjectAndGuess");
        tasks.projectAndGuess(projectAndGuess);
        Graphs.Stage guess = graphs.stage(kind + "Guess");
        tasks.guess(guess);
        Graphs.Stage scatter = graphs.stage(kind + "Scatter");
        tasks.scatter(scatter, many);
        Graphs.Stage attend = graphs.stage(kind + "Attend");
        tasks.attend(attend);
        Graphs.Stage finish = graphs.stage(kind + "Finish");
        tasks.finish(finish);
        Graphs.Stage scatterAndFinish = graphs.stage(kind + "ScatterAndFinish");
        tasks.scatterAndFinish(scatterAndFinish, few);
        Graphs.Stage logitsStage = graphs.stage(kind + "Logits");
        tasks.logits(logitsStage, logits);
        return new Stages(
                tasks.decoding(),
                tasks.block(),
                load,
                project,
                projectAndGuess,
                guess,
                scatter,
                attend,
                finish,
                scatterAndFinish,
                logitsStage);
    }

    /** Moves the weights to the device. */
    void start() {
        graphs.start();
    }

    @Override
    public void close() {
        graphs.close();
    }
}
