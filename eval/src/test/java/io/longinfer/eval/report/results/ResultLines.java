package io.longinfer.eval.report.results;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes result lines as commands write them. */
public final class ResultLines {
    private ResultLines() {}

    /** What every line has. */
    private static Map<String, Object> line(String kind, String variant, double ratio, int tokens) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("kind", kind);
        line.put("variant", variant);
        line.put("batch", 1);
        line.put("documentTokens", tokens);
        line.put("repetition", 0);
        line.put("ratio", ratio);
        line.put("command", "sweep grid.yaml");
        line.put("model", "/models/small.gguf");
        line.put("deviceShare", 0.25);
        line.put("hostShare", 0.5);
        line.put("configuration", configuration(ratio));
        line.put("device", Map.of("name", "cpu"));
        line.put("environment", environment("c0ffee", "A processor"));
        return line;
    }

    private static Map<String, Object> configuration(double ratio) {
        Map<String, Object> configuration = new LinkedHashMap<>();
        configuration.put("selection", Map.of("ratio", ratio, "sinkTokens", 16));
        configuration.put("emulatedDiskBytesPerSecond", 0);
        configuration.put("emulatedLinkBytesPerSecond", 0);
        return configuration;
    }

    /** Where a line was made. */
    public static Map<String, Object> environment(String commit, String processor) {
        return Map.of("commit", commit, "processor", processor, "processors", 2, "jvm", "A JVM 25");
    }

    /** A run's latency. */
    public static Map<String, Object> latency(
            String variant, double ratio, int tokens, int repetition, double medianMillis) {
        Map<String, Object> line = line("latency", variant, ratio, tokens);
        line.put("repetition", repetition);
        line.put("medianMillis", medianMillis);
        line.put("disk->host bytes a step", 1024.0 * tokens * ratio);
        line.put("host->device bytes a step", 2048.0 * tokens * ratio);
        line.put("device->host bytes a step", 0);
        line.put(
                "layers",
                List.of(
                        Map.of("layer", 0, "desertRate", 0.25, "recallSteps", 4, "recall", 0.75),
                        Map.of("layer", 1, "desertRate", 0.5, "recallSteps", 0)));
        line.put("heat", List.of(List.of(1, 0.5, 0), List.of(0.25, 0, 1)));
        return line;
    }

    /** A latency that a model foretold. */
    public static Map<String, Object> modelled(String variant, double ratio, int tokens, double medianMillis) {
        Map<String, Object> line = latency(variant, ratio, tokens, 0, medianMillis);
        line.put("kind", "modelled");
        line.put("modelled", true);
        line.put("machine", Map.of("name", "desktop", "disk", Map.of("bandwidth", 7e9)));
        return line;
    }

    /** Scores of a task. */
    public static Map<String, Object> accuracy(String variant, double ratio, String task, Double... scores) {
        Map<String, Object> line = line("accuracy", variant, ratio, 1000);
        line.put("task", task);
        line.put("scores", List.of(scores));
        return line;
    }

    /** Perplexity of a text. */
    public static Map<String, Object> perplexity(String variant, double ratio, double perplexity, Double... nll) {
        Map<String, Object> line = line("perplexity", variant, ratio, 1000);
        line.put("perplexity", perplexity);
        line.put("nll", Map.of("count", nll.length, "mean", Math.log(perplexity), "halfWidth", 0.1));
        line.put("nllByToken", List.of(nll));
        return line;
    }

    /** At least one line of every kind, three repetitions of latencies. */
    public static List<Map<String, Object>> ofEveryKind() {
        List<Map<String, Object>> lines = new ArrayList<>();
        for (int repetition = 0; repetition < 3; repetition++) {
            for (int tokens : new int[] {8000, 16_000, 32_000, 64_000}) {
                double scale = tokens / 1000.0 * (1 + 0.05 * repetition);
                lines.add(latency("full", 0.1, tokens, repetition, 4 * scale));
                lines.add(latency("quest", 0.1, tokens, repetition, 1.5 * scale));
                lines.add(latency("ours", 0.1, tokens, repetition, 0.8 * scale + 2));
            }
        }
        lines.add(modelled("full", 0.1, 8000, 90));
        lines.add(modelled("ours", 0.1, 8000, 30));
        for (String task : List.of("niah_single", "vt")) {
            lines.add(accuracy("full", 0.1, task, 1.0, 1.0, 0.0, 1.0));
            for (double ratio : new double[] {0.05, 0.1, 0.2}) {
                lines.add(accuracy("quest", ratio, task, 1.0, 0.0, 0.0, 1.0));
                lines.add(accuracy("ours", ratio, task, 1.0, 1.0, ratio, 1.0));
            }
        }
        lines.add(perplexity("full", 0.1, 20, 3.0, 2.9, 3.1));
        lines.add(perplexity("ours", 0.1, 20.2, 3.02, 2.9, 3.11));
        lines.add(perplexity("quest", 0.1, 21, 3.1, 2.9, 3.15));
        return lines;
    }

    /** Writes lines. */
    public static Path write(Path file, List<Map<String, Object>> lines) throws IOException {
        StringBuilder text = new StringBuilder();
        for (Map<String, Object> line : lines) {
            text.append(JSON.std.asString(line)).append('\n');
        }
        return Files.writeString(file, text);
    }
}
