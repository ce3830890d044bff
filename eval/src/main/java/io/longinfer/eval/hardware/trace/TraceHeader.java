package io.longinfer.eval.hardware.trace;

import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.DecoderTraits;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What was traced.
 *
 * @param model name or path of the model
 * @param shape its shape; of its traits only the kind of feed-forward layer is kept
 * @param variant label of the way to manage KV
 * @param kvOptions options of KV that were given on the command line
 * @param deviceShare device budget as a share of the KV
 * @param hostShare host budget, likewise
 * @param documentTokens length asked of the document
 * @param contextTokens tokens that KV space was planned for
 * @param warmUp decoding steps before the measured ones
 * @param steps measured steps
 * @param setting what a run's report says of it, for people
 */
public record TraceHeader(
        String model,
        DecoderShape shape,
        String variant,
        List<String> kvOptions,
        double deviceShare,
        double hostShare,
        int documentTokens,
        int contextTokens,
        int warmUp,
        int steps,
        long seed,
        Map<String, Object> setting) {
    public TraceHeader {
        kvOptions = List.copyOf(kvOptions);
    }

    /** As a tree for JSON. */
    Map<String, Object> toTree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("model", model);
        tree.put(
                "shape",
                List.of(
                        shape.layers(),
                        shape.width(),
                        shape.heads(),
                        shape.kvHeads(),
                        shape.headDim(),
                        shape.feedForward(),
                        shape.vocabulary(),
                        shape.contextTokens()));
        tree.put("gated", shape.traits().feedForward() == DecoderTraits.FeedForward.SILU_GATED);
        tree.put("variant", variant);
        tree.put("kvOptions", kvOptions);
        tree.put("deviceShare", deviceShare);
        tree.put("hostShare", hostShare);
        tree.put("documentTokens", documentTokens);
        tree.put("contextTokens", contextTokens);
        tree.put("warmUp", warmUp);
        tree.put("steps", steps);
        tree.put("seed", seed);
        tree.put("setting", setting);
        return tree;
    }

    /**
     * From such a tree.
     *
     * @throws RuntimeException if it is none
     */
    @SuppressWarnings("unchecked") // a wrong tree fails here or where it is used
    static TraceHeader of(Map<String, Object> tree) {
        List<Integer> shape = ((List<Number>) tree.get("shape"))
                .stream().map(Number::intValue).toList();
        return new TraceHeader(
                (String) tree.get("model"),
                new DecoderShape(
                        shape.get(0),
                        shape.get(1),
                        shape.get(2),
                        shape.get(3),
                        shape.get(4),
                        shape.get(5),
                        shape.get(6),
                        1e-5f,
                        DecoderShape.Rope.NONE,
                        shape.get(7),
                        (Boolean) tree.get("gated") ? DecoderTraits.LLAMA : DecoderTraits.OPT),
                (String) tree.get("variant"),
                (List<String>) tree.get("kvOptions"),
                number(tree, "deviceShare").doubleValue(),
                number(tree, "hostShare").doubleValue(),
                number(tree, "documentTokens").intValue(),
                number(tree, "contextTokens").intValue(),
                number(tree, "warmUp").intValue(),
                number(tree, "steps").intValue(),
                number(tree, "seed").longValue(),
                (Map<String, Object>) tree.get("setting"));
    }

    private static Number number(Map<String, Object> tree, String key) {
        return (Number) tree.get(key);
    }
}
