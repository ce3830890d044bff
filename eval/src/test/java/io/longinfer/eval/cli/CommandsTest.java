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

class CommandsTest {
    @TempDir
    private Path folder;

    @Test
    void devicesBeginWithTheProcessor() throws IOException {
        String text = Session.of("devices").succeeded().out();
        assertTrue(text.lines().skip(1).findFirst().orElse("").startsWith("cpu "), text);
        Map<String, Object> tree =
                JSON.std.mapFrom(Session.of("devices", "--json").succeeded().out());
        assertEquals("cpu", ((Map<?, ?>) tree.get("cpu")).get("backend"));
        // Either there are devices of TornadoVM, or it is said why not.
        assertEquals(((List<?>) tree.get("tornado")).isEmpty(), !"".equals(tree.get("problem")), text);
    }

    @Test
    void inspectShowsMetadataTensorsAndKvBytes() throws IOException {
        String text = Session.of("inspect", "needle").succeeded().out();
        assertTrue(text.contains("general.architecture = llama"), text);
        assertTrue(text.contains("2560 bytes a token"), text);
        assertTrue(text.contains("token_embd.weight"), text);
        Map<String, Object> tree = JSON.std.mapFrom(
                Session.of("inspect", "needle", "--json").succeeded().out());
        assertEquals(2560, tree.get("kvBytesPerToken"));
        assertEquals("llama", ((Map<?, ?>) tree.get("metadata")).get("general.architecture"));
        assertEquals(47, ((List<?>) tree.get("tensors")).size());
    }

    @Test
    void planShowsTheTiersAndNamesWhatToChange() throws IOException {
        String[] budgets = {"--device-budget=2MiB", "--host-budget=2MiB", "--disk-budget=64MiB"};
        Session plan = Session.of("plan", "-c", "8192", budgets[0], budgets[1], budgets[2])
                .succeeded();
        assertTrue(plan.out().contains("20MiB of KV in all"), plan.out());
        assertTrue(plan.out().contains("disk"), plan.out());
        Session json = Session.of("plan", "-c", "8192", "--json", budgets[0], budgets[1], budgets[2])
                .succeeded();
        assertEquals(8192, ((Map<?, ?>) JSON.std.mapFrom(json.out()).get("plan")).get("contextTokens"));
        Session tooSmall = Session.of("plan", "-c", "8192", budgets[0], budgets[1], "--disk-budget=1MiB");
        assertEquals(1, tooSmall.code());
        assertTrue(tooSmall.err().contains("--disk-budget"), tooSmall.err());
        assertEquals("", tooSmall.out());
    }

    @Test
    void needleFindsTheFactThreeTimes() throws IOException {
        Path json = folder.resolve("needle.json");
        Session session = Session.of(
                        "needle",
                        "--tokens=900",
                        "--seed=5",
                        "--device-budget=1MiB",
                        "--host-budget=512KiB",
                        "--disk-dir=" + folder,
                        "--json=" + json)
                .succeeded();
        assertEquals(
                3,
                session.out().lines().filter(line -> line.contains("  right  ")).count(),
                session.out());
        for (String row : List.of("a token, p99", "disk, peak of all", "disk->host, decode", "disk was read")) {
            assertTrue(session.out().contains(row), session.out());
        }
        Map<String, Object> tree = JSON.std.mapFrom(Files.readString(json));
        assertEquals(3, ((List<?>) tree.get("runs")).size());
    }

    @Test
    void examplesAreCounted() throws IOException {
        Path shared = Path.of("../model/src/test/resources/needle/examples.json");
        List<Object> first = JSON.std.listFrom(Files.readString(shared)).subList(0, 8);
        Path file = Files.writeString(folder.resolve("examples.json"), JSON.std.asString(first));
        Session full = Session.of("examples", "--file", file.toString(), "--selector=full", "--at-least=8");
        assertTrue(full.succeeded().out().endsWith("8 of 8 right\n"), full.out());
        Session tooMany = Session.of("examples", "--file", file.toString(), "--max-tokens=1", "--at-least=1");
        assertEquals(1, tooMany.code());
    }

    @Test
    void benchMeasuresABatch() {
        Session session =
                Session.of("bench", "--batch=3", "--depths=17", "--prefill=4", "--decode=2", "-r1", "--warmup=0");
        assertTrue(session.succeeded().out().contains("batch 3, 1 repetitions"), session.out());
    }

    @Test
    void benchMeasuresEachDepth() throws IOException {
        Path json = folder.resolve("bench.jsonl");
        Session session = Session.of(
                        "bench",
                        "--depths=0,70,64",
                        "--prefill=20",
                        "--decode=3",
                        "-r",
                        "2",
                        "--warmup=1",
                        "--json=" + json)
                .succeeded();
        assertTrue(session.out().contains("2 repetitions after 1 to warm up"), session.out());
        List<String> lines = Files.readAllLines(json);
        assertEquals(3, lines.size());
        Map<String, Object> last = JSON.std.mapFrom(lines.getLast());
        assertEquals(70, last.get("depth"));
        assertEquals(2, ((List<?>) last.get("decodeTokensPerSecond")).size());
    }

    @Test
    void benchTakesAShapeInPlaceOfAModel() throws IOException {
        Path shape = Files.writeString(
                folder.resolve("small.json"),
                "{\"model_type\":\"opt\",\"hidden_size\":64,\"num_hidden_layers\":2,\"num_attention_heads\":4,"
                        + "\"ffn_dim\":96,\"vocab_size\":300,\"max_position_embeddings\":512}");
        String[] rest = {"--dummy-type=F16", "--dummy-share-layers", "--depths=20", "--prefill=5", "--decode=2", "-r=1"
        };
        Session session = Session.of(Stream.concat(Stream.of("bench", "--shape=" + shape), Stream.of(rest))
                        .toArray(String[]::new))
                .succeeded();
        assertTrue(session.out().startsWith("small.json on "), session.out());
        assertEquals(1, Session.of("bench", "--shape=none").code());
    }
}
