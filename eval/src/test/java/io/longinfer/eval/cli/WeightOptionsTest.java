package io.longinfer.eval.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Weights and KV in tiers, from the command line. */
class WeightOptionsTest {
    @TempDir
    Path folder;

    @Test
    void generateAnswersAlikeWithWeightsOnDisk() throws IOException {
        String[] plain = {"generate", "--prompt=The key of Berlin", "--raw", "-n=4", "-q"};
        Path json = folder.resolve("run.json");
        String[] placed = {
            "generate",
            "--prompt=The key of Berlin",
            "--raw",
            "-n=4",
            "-q",
            "--weights-percent=20,20,60",
            "--kv-percent=20,20,60",
            "--ratio=1",
            "--disk-dir=" + folder,
            "--json=" + json
        };
        assertEquals(
                Session.of(plain).succeeded().out(),
                Session.of(placed).succeeded().out());
        Map<String, Object> weights = weights(Files.readString(json));
        assertEquals(3, tier(weights, 2).get("layers"), weights.toString());
        assertTrue(((Number) weights.get("diskBytes")).longValue() > 0, weights.toString());
        try (Stream<Path> left = Files.list(folder)) {
            assertEquals(List.of(json), left.toList());
        }
    }

    @Test
    void dummyWeightsAreWrittenToDiskAndReadFromIt() throws IOException {
        Path shape = Files.writeString(
                folder.resolve("small.json"),
                "{\"model_type\":\"opt\",\"hidden_size\":64,\"num_hidden_layers\":8,\"num_attention_heads\":4,"
                        + "\"ffn_dim\":256,\"vocab_size\":300,\"max_position_embeddings\":512}");
        Path json = folder.resolve("bench.json");
        Session.of(
                        "bench",
                        "--shape=" + shape,
                        "--weights-device-budget=200KiB",
                        "--weights-host-budget=64KiB",
                        "--disk-dir=" + folder,
                        "--depths=20",
                        "--prefill=5",
                        "--decode=2",
                        "--batch=2",
                        "--warmup=0",
                        "-r=1",
                        "--json=" + json)
                .succeeded();
        Map<String, Object> weights = weights(Files.readString(json));
        long onDisk = ((Number) tier(weights, 2).get("bytes")).longValue();
        assertTrue(((Number) weights.get("diskBytes")).longValue() > onDisk, weights.toString());
        assertTrue(((Number) tier(weights, 0).get("peakBytes")).longValue() <= 200 << 10, weights.toString());
    }

    @Test
    void whatCannotBeIsRefused() {
        Session small =
                Session.of("generate", "--prompt=x", "--raw", "--weights-device-budget=1KiB", "--disk-dir=" + folder);
        assertEquals(1, small.code());
        assertTrue(small.err().contains("--weights-device-budget"), small.err());
        assertEquals(2, Session.of("bench", "--weights-percent=50,50,1").code());
        assertEquals(
                2,
                Session.of("bench", "--weights-percent=50,50,0", "--weights-host-budget=1MiB")
                        .code());
        assertEquals(
                1,
                Session.of("generate", "--prompt=x", "--raw", "--kv-percent=50,50,0", "--device-budget=1MiB")
                        .code());
    }

    @SuppressWarnings("unchecked") // a tree of JSON
    private static Map<String, Object> weights(String json) throws IOException {
        return (Map<String, Object>) JSON.std.mapFrom(json).get("weights");
    }

    @SuppressWarnings("unchecked") // a tree of JSON
    private static Map<String, Object> tier(Map<String, Object> weights, int index) {
        return ((List<Map<String, Object>>) weights.get("tiers")).get(index);
    }
}
