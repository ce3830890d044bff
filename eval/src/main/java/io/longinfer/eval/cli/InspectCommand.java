package io.longinfer.eval.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import io.longinfer.eval.report.JsonTree;
import io.longinfer.eval.report.Table;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kvcache.ByteSize;
import io.longinfer.model.catalog.ModelCatalog;
import io.longinfer.model.gguf.GgufFile;
import io.longinfer.model.gguf.GgufTensor;
import io.longinfer.model.gguf.ModelFormatException;
import io.longinfer.model.llama.LlamaLoader;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code longinfer inspect}: what a model file holds. */
@Command(name = "inspect", description = "Shows a model's metadata, tensors, shape and KV bytes per token.")
final class InspectCommand implements Callable<Integer> {
    private static final int SHOWN_CHARACTERS = 80;

    @ParentCommand
    private LongInfer parent;

    @Parameters(paramLabel = "MODEL", description = "A name, or the path of a GGUF file.")
    private String model;

    @Option(names = "--json", description = "One JSON object instead of text, arrays in full.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        try (GgufFile file = GgufFile.open(ModelCatalog.resolve(model))) {
            if (json) {
                parent.streams().out().println(JSON.std.asString(tree(file)));
            } else {
                print(file, parent.streams().out());
            }
            parent.streams().requireOpen();
        }
        return 0;
    }

    private static Map<String, Object> tree(GgufFile file) throws IOException {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("path", file.path().toString());
        tree.put("version", file.version());
        tree.put("sizeBytes", file.sizeBytes());
        tree.put("parameters", parameters(file));
        if (!file.tensors().isEmpty()) {
            try {
                DecoderShape shape = LlamaLoader.shape(file);
                tree.put("kvBytesPerToken", shape.kvBytesPerToken());
                tree.put("shape", JsonTree.of(shape));
            } catch (ModelFormatException unsupported) {
                tree.put("unsupported", unsupported.getMessage());
            }
        }
        Map<String, Object> metadata = new LinkedHashMap<>();
        for (String key : file.metadata().keys()) {
            metadata.put(key, JsonTree.of(file.metadata().value(key)));
        }
        tree.put("metadata", metadata);
        List<Object> tensors = new ArrayList<>();
        for (GgufTensor tensor : file.tensors().values()) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("name", tensor.name());
            entry.put("type", tensor.type().name());
            entry.put("dimensions", JsonTree.of(tensor.dimensions()));
            entry.put("sizeBytes", tensor.data().byteSize());
            tensors.add(entry);
        }
        tree.put("tensors", tensors);
        return tree;
    }

    private static void print(GgufFile file, PrintStream out) throws IOException {
        out.println(file.path() + ": GGUF version " + file.version() + ", " + ByteSize.format(file.sizeBytes()) + ", "
                + String.format(Locale.ROOT, "%,d parameters", parameters(file)));
        if (!file.tensors().isEmpty()) {
            try {
                printShape(LlamaLoader.shape(file), out);
            } catch (ModelFormatException unsupported) {
                out.println("not supported by this version: " + unsupported.getMessage());
            }
        }
        out.println();
        out.println("Metadata");
        for (String key : file.metadata().keys()) {
            out.println("  " + key + " = " + shown(file.metadata().value(key)));
        }
        out.println();
        out.println("Tensors (" + file.tensors().size() + ")");
        Table table = new Table().row("  name", "type", "dimensions", "bytes");
        for (GgufTensor tensor : file.tensors().values()) {
            table.row(
                    "  " + tensor.name(),
                    tensor.type(),
                    Arrays.stream(tensor.dimensions()).mapToObj(Long::toString).collect(Collectors.joining(" x ")),
                    tensor.data().byteSize());
        }
        out.print(table);
    }

    private static void printShape(DecoderShape shape, PrintStream out) {
        out.println(shape.layers() + " layers, width " + shape.width() + ", " + shape.heads() + " heads over "
                + shape.kvHeads() + " KV heads of " + shape.headDim() + ", feed-forward " + shape.feedForward()
                + ", vocabulary " + shape.vocabulary() + ", context " + shape.contextTokens());
        long perToken = shape.kvBytesPerToken();
        out.println("KV: " + perToken + " bytes a token in fp16, "
                + ByteSize.format(Math.multiplyExact(perToken, (long) shape.contextTokens())) + " at "
                + shape.contextTokens() + " tokens");
    }

    private static long parameters(GgufFile file) {
        return file.tensors().values().stream().mapToLong(GgufTensor::elements).sum();
    }

    /** A value on one line, arrays by their first elements. */
    private static String shown(Object value) {
        if (value.getClass().isArray()) {
            int length = Array.getLength(value);
            List<String> first = new ArrayList<>();
            for (int index = 0; index < Math.min(length, 5); index++) {
                Object element = Array.get(value, index);
                first.add(element.getClass().isArray() ? "[...]" : oneLine(String.valueOf(element)));
            }
            return "[" + String.join(", ", first) + (length > 5 ? ", ... " + length + " in all]" : "]");
        }
        return oneLine(String.valueOf(value));
    }

    private static String oneLine(String text) {
        String line = text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t");
        return line.length() <= SHOWN_CHARACTERS
                ? line
                : line.substring(0, SHOWN_CHARACTERS) + "... (" + text.length() + " characters)";
    }
}
