package io.longinfer.eval.report;

import com.fasterxml.jackson.jr.ob.JSON;
import io.longinfer.kernels.device.DeviceProfile;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.KvMetrics;
import io.longinfer.model.weights.WeightMetrics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Everything that a run reports (system.md section 5). Immutable. */
public record RunReport(Setting setting, Timing timing, PhaseTraffic traffic) {
    /**
     * What was run, and on what.
     *
     * @param command the command's name
     * @param model the model's file
     * @param contextTokens tokens that KV space was planned for
     * @param prefillBlock tokens of the prompt that went through the layers together
     * @param weights where weights lie and what moving them took so far, if they are placed in tiers
     */
    public record Setting(
            String command,
            Path model,
            KvConfig configuration,
            int contextTokens,
            int prefillBlock,
            long seed,
            Optional<WeightMetrics> weights,
            DeviceProfile device,
            Environment environment) {
        /** As a tree of maps and lists. */
        public Map<String, Object> toTree() {
            Map<String, Object> tree = new LinkedHashMap<>();
            tree.put("command", command);
            tree.put("model", model.toString());
            tree.put("seed", seed);
            tree.put("contextTokens", contextTokens);
            tree.put("prefillBlock", prefillBlock);
            tree.put("configuration", JsonTree.of(configuration));
            weights.ifPresent(metrics -> tree.put("weights", JsonTree.of(metrics)));
            tree.put("device", JsonTree.of(device));
            tree.put("environment", JsonTree.of(environment));
            return tree;
        }
    }

    /**
     * When things happened.
     *
     * @param promptTokens tokens of the prompt
     * @param timeToFirstTokenNanos from the prompt's start to the first generated token
     * @param decode latencies of the tokens behind the first
     * @param decodeNanos all of them together
     */
    public record Timing(int promptTokens, long timeToFirstTokenNanos, LatencySummary decode, long decodeNanos) {
        /** From the latency of each token behind the first. */
        public static Timing of(int promptTokens, long timeToFirstTokenNanos, long[] tokenNanos) {
            long sum = 0;
            for (long nanos : tokenNanos) {
                sum += nanos;
            }
            return new Timing(promptTokens, timeToFirstTokenNanos, LatencySummary.of(tokenNanos), sum);
        }

        /** Tokens of the prompt a second, up to the first token generated. */
        public double prefillTokensPerSecond() {
            return timeToFirstTokenNanos == 0 ? 0 : promptTokens * 1e9 / timeToFirstTokenNanos;
        }

        /** Generated tokens a second behind the first. */
        public double decodeTokensPerSecond() {
            return decodeNanos == 0 ? 0 : decode.count() * 1e9 / decodeNanos;
        }
    }

    /** The cache's metrics over the whole run. */
    public KvMetrics metrics() {
        return traffic.afterDecode();
    }

    /** The report as a tree of maps and lists. */
    public Map<String, Object> toTree() {
        Map<String, Object> tree = setting.toTree();
        tree.put("timeToFirstTokenMillis", timing.timeToFirstTokenNanos() / 1e6);
        Map<String, Object> prefill = new LinkedHashMap<>();
        prefill.put("tokens", timing.promptTokens());
        prefill.put("tokensPerSecond", timing.prefillTokensPerSecond());
        prefill.put("links", PhaseTraffic.toTree(traffic.prefill()));
        Map<String, Object> decode = new LinkedHashMap<>();
        decode.put("tokens", timing.decode().count());
        decode.put("tokensPerSecond", timing.decodeTokensPerSecond());
        decode.put("latency", timing.decode().toTree());
        decode.put("links", PhaseTraffic.toTree(traffic.decode()));
        Map<String, Object> phases = new LinkedHashMap<>();
        phases.put("prefill", prefill);
        phases.put("decode", decode);
        tree.put("phases", phases);
        MetricsTree.put(tree, metrics());
        tree.put("directIo", metrics().directIo());
        return tree;
    }

    /** Writes it as one line of JSON. */
    public void write(Path file) throws IOException {
        write(file, toTree());
    }

    /** Writes a tree as one line of JSON. */
    public static void write(Path file, Map<String, Object> tree) throws IOException {
        Files.writeString(file, JSON.std.asString(tree) + "\n");
    }

    /** Appends a tree as one line of JSON. */
    public static void append(Path file, Map<String, Object> tree) throws IOException {
        Files.writeString(file, JSON.std.asString(tree) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
