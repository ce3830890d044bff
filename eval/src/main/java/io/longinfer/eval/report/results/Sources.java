package io.longinfer.eval.report.results;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Where a figure's lines come from. Immutable.
 *
 * @param runs one for each way that lines were made
 */
public record Sources(List<Run> runs) {
    private static final String UNKNOWN = "unknown";

    /**
     * Lines that were made in one way.
     *
     * @param command as it was typed
     * @param device what computed
     * @param lines how many
     */
    public record Run(
            String command, String commit, String processor, String jvm, String device, String file, int lines) {
        private static final int SHORT = 12;

        /** As much of the commit as people compare. */
        String shortCommit() {
            String hash = commit.replaceFirst("-dirty$", "");
            return hash.substring(0, Math.min(SHORT, hash.length())) + commit.substring(hash.length());
        }

        static Run of(Result result, int lines) {
            return new Run(
                    "longinfer " + result.text("command").orElse(UNKNOWN),
                    result.text("environment.commit").orElse(UNKNOWN),
                    result.text("environment.processor").orElse(UNKNOWN)
                            + result.optional("environment.processors").stream()
                                    .mapToObj(count -> ", " + (long) count + " processors")
                                    .findFirst()
                                    .orElse(""),
                    result.text("environment.jvm").orElse(UNKNOWN),
                    result.text("device.name").orElse(UNKNOWN),
                    result.file().toString(),
                    lines);
        }
    }

    public Sources {
        runs = List.copyOf(runs);
    }

    /** Those of lines. */
    public static Sources of(List<Result> results) {
        Map<Run, Integer> counts = new LinkedHashMap<>();
        results.forEach(result -> counts.merge(Run.of(result, 0), 1, Integer::sum));
        List<Run> runs = new ArrayList<>();
        counts.forEach((run, lines) -> runs.add(
                new Run(run.command(), run.commit(), run.processor(), run.jvm(), run.device(), run.file(), lines)));
        return new Sources(runs);
    }

    /** What a reader must know before comparing lines, a sentence each. */
    public List<String> warnings() {
        List<String> warnings = new ArrayList<>();
        differ("commits", Run::shortCommit, warnings);
        differ("processors", Run::processor, warnings);
        differ("JVMs", Run::jvm, warnings);
        differ("devices", Run::device, warnings);
        if (runs.stream().anyMatch(run -> run.commit().endsWith("-dirty"))) {
            warnings.add("Made from sources that were not committed.");
        }
        return warnings;
    }

    private void differ(String what, Function<Run, String> value, List<String> warnings) {
        List<String> values = runs.stream().map(value).distinct().toList();
        if (values.size() > 1) {
            warnings.add("Lines of different " + what + " are in this figure: " + String.join("; ", values) + ".");
        }
    }
}
