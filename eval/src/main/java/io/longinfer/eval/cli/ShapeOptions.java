package io.longinfer.eval.cli;

import io.longinfer.kernels.quantization.TensorType;
import io.longinfer.model.Model;
import io.longinfer.model.dummy.DummyWeights;
import io.longinfer.model.dummy.PublishedShapes;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Option;

/** {@code --shape}, in place of a model. */
final class ShapeOptions {
    /** The types of dummy weights. */
    enum DummyType {
        F16,
        Q8_0,
        Q4_0
    }

    @Option(
            names = "--shape",
            paramLabel = "NAME|FILE",
            description = "In place of --model, dummy weights of a published shape, such as opt-6.7b, llama-2-7b,"
                    + " yarn-llama-2-13b-128k, llama-3.1-8b, smollm2-135m, or of a config.json.")
    private String shape;

    @Option(
            names = "--dummy-type",
            paramLabel = "TYPE",
            defaultValue = "Q8_0",
            description = "Format of dummy weights: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
    private DummyType type;

    @Option(
            names = "--dummy-share-layers",
            description =
                    "All layers of a shape are the same memory: for shapes larger than this machine. Caches may then"
                            + " serve weights that would come from memory.")
    private boolean sharesLayers;

    /**
     * The model of dummy weights that is asked for, if one is.
     *
     * @param copied whether each layer will be copied to a place of its own, so that one is enough to copy from
     */
    Optional<Model> model(long seed, boolean copied) throws IOException {
        if (shape == null) {
            return Optional.empty();
        }
        TensorType format = TensorType.valueOf(type.name());
        DummyWeights weights = DummyWeights.of(PublishedShapes.describe(shape), format, seed, sharesLayers || copied);
        return Optional.of(Model.dummy(shape, weights));
    }
}
