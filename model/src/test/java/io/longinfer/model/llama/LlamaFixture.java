package io.longinfer.model.llama;

import io.longinfer.kernels.quantization.TensorType;
import io.longinfer.model.gguf.GgufWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/** A small Llama file for tests, of random weights; entries can be replaced or removed before it is written. */
public final class LlamaFixture {
    private record Tensor(TensorType type, int rows, int columns) {}

    private static final int WIDTH = 32;
    private static final int HEADS = 4;
    private static final int KV_HEADS = 2;
    private static final int HEAD_DIM = 8;
    private static final int FEED_FORWARD = 64;
    private static final int VOCABULARY = 12;

    private final Map<String, Object> metadata = new LinkedHashMap<>();
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();

    /** A model of two layers, width 32, 4 heads over 2 KV heads of 8, feed-forward 64, 12 tokens, tied. */
    public LlamaFixture() {
        put("general.architecture", "llama");
        put("llama.context_length", 128L);
        put("llama.embedding_length", (long) WIDTH);
        put("llama.block_count", 2L);
        put("llama.feed_forward_length", (long) FEED_FORWARD);
        put("llama.attention.head_count", (long) HEADS);
        put("llama.attention.head_count_kv", (long) KV_HEADS);
        put("llama.attention.layer_norm_rms_epsilon", 1e-5f);
        put("llama.rope.freq_base", 10_000f);
        put("llama.rope.dimension_count", (long) HEAD_DIM);
        tensor("token_embd.weight", TensorType.Q8_0, VOCABULARY, WIDTH);
        for (String layer : new String[] {"blk.0.", "blk.1."}) {
            tensor(layer + "attn_norm.weight", TensorType.F32, 0, WIDTH);
            tensor(layer + "attn_q.weight", TensorType.F32, HEADS * HEAD_DIM, WIDTH);
            tensor(layer + "attn_k.weight", TensorType.F16, KV_HEADS * HEAD_DIM, WIDTH);
            tensor(layer + "attn_v.weight", TensorType.BF16, KV_HEADS * HEAD_DIM, WIDTH);
            tensor(layer + "attn_output.weight", TensorType.Q4_0, WIDTH, HEADS * HEAD_DIM);
            tensor(layer + "ffn_norm.weight", TensorType.F16, 0, WIDTH);
            tensor(layer + "ffn_gate.weight", TensorType.Q4_1, FEED_FORWARD, WIDTH);
            tensor(layer + "ffn_up.weight", TensorType.Q5_0, FEED_FORWARD, WIDTH);
            tensor(layer + "ffn_down.weight", TensorType.Q5_1, WIDTH, FEED_FORWARD);
        }
        tensor("output_norm.weight", TensorType.F32, 0, WIDTH);
    }

    /** Sets or replaces a metadata entry. */
    public LlamaFixture put(String key, Object value) {
        metadata.put(key, value);
        return this;
    }

    /** Removes a metadata entry or a tensor. */
    public LlamaFixture without(String name) {
        metadata.remove(name);
        tensors.remove(name);
        return this;
    }

    /** Sets or replaces a tensor; 0 rows make a vector. */
    public LlamaFixture tensor(String name, TensorType type, int rows, int columns) {
        tensors.put(name, new Tensor(type, rows, columns));
        return this;
    }

    /** The file, to be written. Weights are small positive numbers of a fixed seed. */
    public GgufWriter writer() {
        GgufWriter writer = new GgufWriter();
        metadata.forEach(writer::put);
        Random random = new Random(42);
        tensors.forEach((name, tensor) -> {
            int rows = Math.max(1, tensor.rows);
            byte[] data = new byte[(int) (rows * tensor.type.sizeBytes(tensor.columns))];
            random.nextBytes(data);
            // A top byte of 0x3C makes a number near 1 of F16, 0.01 of F32 and BF16, and sets what scale a block begins
            // with.
            int unit = tensor.type.blockBytes();
            int top = tensor.type == TensorType.F32 ? 3 : 1;
            for (int block = 0; block < data.length; block += unit) {
                data[block + top] = 0x3C;
            }
            long[] dimensions =
                    tensor.rows == 0 ? new long[] {tensor.columns} : new long[] {tensor.columns, tensor.rows};
            writer.tensor(name, tensor.type, data, dimensions);
        });
        return writer;
    }
}
