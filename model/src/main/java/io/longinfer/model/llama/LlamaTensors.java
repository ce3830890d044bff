package io.longinfer.model.llama;

import io.longinfer.kernels.quantization.ScalarDequantizer;
import io.longinfer.kernels.quantization.TensorType;
import io.longinfer.kernels.quantization.WeightMatrix;
import io.longinfer.model.gguf.GgufFile;
import io.longinfer.model.gguf.GgufTensor;
import io.longinfer.model.gguf.ModelFormatException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Takes tensors out of a file by name, checks their dimensions, and knows which nobody took. Not thread-safe. */
final class LlamaTensors {
    private static final Set<TensorType> VECTOR_TYPES = EnumSet.of(TensorType.F32, TensorType.F16, TensorType.BF16);

    private final Path path;
    private final Map<String, GgufTensor> tensors;
    private final Set<String> taken = new HashSet<>();

    LlamaTensors(GgufFile file) {
        path = file.path();
        tensors = file.tensors();
    }

    boolean contains(String name) {
        return tensors.containsKey(name);
    }

    /** Rows of a matrix. */
    int rows(String name) throws ModelFormatException {
        GgufTensor tensor = take(name);
        long[] dimensions = tensor.dimensions();
        if (dimensions.length != 2 || dimensions[1] > Integer.MAX_VALUE) {
            throw wrongDimensions(tensor, "a matrix");
        }
        return (int) dimensions[1];
    }

    /** A matrix in its own format. */
    WeightMatrix matrix(String name, int rows, int columns) throws ModelFormatException {
        GgufTensor tensor = take(name);
        if (!Arrays.equals(tensor.dimensions(), new long[] {columns, rows})) {
            throw wrongDimensions(tensor, "[" + columns + ", " + rows + "]");
        }
        return new WeightMatrix(name, tensor.type(), rows, columns, tensor.data());
    }

    /** A vector, as floats. */
    float[] vector(String name, int length) throws ModelFormatException {
        GgufTensor tensor = take(name);
        if (!Arrays.equals(tensor.dimensions(), new long[] {length})) {
            throw wrongDimensions(tensor, "[" + length + "]");
        }
        if (!VECTOR_TYPES.contains(tensor.type())) {
            throw error(name + " (type)", tensor.type(), "one of " + VECTOR_TYPES);
        }
        float[] values = new float[length];
        ScalarDequantizer.row(tensor.type(), tensor.data(), 0, values, 0, length);
        return values;
    }

    /** Refuses a file with tensors that nobody took: they would change the result. */
    void refuseOthers() throws ModelFormatException {
        for (String name : tensors.keySet()) {
            if (!taken.contains(name)) {
                throw error(
                        "tensor " + name,
                        "present",
                        "no tensor of that name (biases, adapters and experts are not" + " handled)");
            }
        }
    }

    private GgufTensor take(String name) throws ModelFormatException {
        GgufTensor tensor = tensors.get(name);
        if (tensor == null) {
            throw error("tensor " + name, "absent", "a tensor of that name");
        }
        taken.add(name);
        return tensor;
    }

    private ModelFormatException wrongDimensions(GgufTensor tensor, String expectation) {
        return error(tensor.name() + " (dimensions)", Arrays.toString(tensor.dimensions()), expectation);
    }

    private ModelFormatException error(String field, Object value, String expectation) {
        return new ModelFormatException(path, ModelFormatException.NO_OFFSET, field, value, expectation);
    }
}
