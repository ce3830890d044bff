package io.longinfer.model.huggingface;

import io.longinfer.kernels.quantization.ScalarDequantizer;
import io.longinfer.kernels.quantization.WeightMatrix;
import io.longinfer.model.gguf.ModelFormatException;
import io.longinfer.model.safetensors.SafetensorsTensor;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Takes tensors out of a checkpoint by name, checks their shapes, and knows which nobody took. Not thread-safe. */
final class HuggingFaceTensors {
    /** Saved by old versions of the library, but computed: frequencies of rotary positions. */
    private static final String COMPUTED = ".rotary_emb.inv_freq";

    private final Path directory;
    private final Map<String, SafetensorsTensor> tensors;
    private final Set<String> taken = new HashSet<>();

    HuggingFaceTensors(Path directory, Map<String, SafetensorsTensor> tensors) {
        this.directory = directory;
        this.tensors = tensors;
    }

    boolean contains(String name) {
        return tensors.containsKey(name);
    }

    /** A matrix in its own format. */
    WeightMatrix matrix(String name, int rows, int columns) throws ModelFormatException {
        SafetensorsTensor tensor = take(name, rows, columns);
        return new WeightMatrix(name, tensor.type(), rows, columns, tensor.data());
    }

    /** A vector, as floats. */
    float[] vector(String name, int length) throws ModelFormatException {
        SafetensorsTensor tensor = take(name, length);
        float[] values = new float[length];
        ScalarDequantizer.row(tensor.type(), tensor.data(), 0, values, 0, length);
        return values;
    }

    /** A vector, or an empty one where the architecture has none. */
    float[] vectorIf(boolean present, String name, int length) throws ModelFormatException {
        return present ? vector(name, length) : new float[0];
    }

    /** Refuses a checkpoint with tensors that nobody took: they would change the result. */
    void refuseOthers() throws ModelFormatException {
        for (SafetensorsTensor tensor : tensors.values()) {
            if (!taken.contains(tensor.name()) && !tensor.name().endsWith(COMPUTED)) {
                throw error(
                        tensor.file(),
                        "tensor " + tensor.name(),
                        "present",
                        "no tensor of that name, which config.json does not account for");
            }
        }
    }

    private SafetensorsTensor take(String name, long... shape) throws ModelFormatException {
        SafetensorsTensor tensor = tensors.get(name);
        if (tensor == null) {
            throw error(directory, "tensor " + name, "absent", "a tensor of that name");
        }
        taken.add(name);
        if (!Arrays.equals(tensor.shape(), shape)) {
            throw error(
                    tensor.file(),
                    "tensor " + name + " (shape)",
                    Arrays.toString(tensor.shape()),
                    Arrays.toString(shape) + ", as config.json says");
        }
        return tensor;
    }

    private static ModelFormatException error(Path file, String field, Object value, String expectation) {
        return new ModelFormatException(file, ModelFormatException.NO_OFFSET, field, value, expectation);
    }
}
