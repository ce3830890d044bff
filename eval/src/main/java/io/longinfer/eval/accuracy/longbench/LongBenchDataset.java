package io.longinfer.eval.accuracy.longbench;

import com.fasterxml.jackson.jr.ob.JSON;
import io.longinfer.eval.accuracy.TaskException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeSet;

/**
 * How a dataset of LongBench is asked and scored.
 *
 * @param prompt with the fields of a line in braces, such as {@code {context}} and {@code {input}}
 * @param answerTokens most tokens of an answer
 * @param chat whether the prompt goes into a chat template; those that show examples do not
 * @param firstLine whether only the first line of an answer counts
 */
record LongBenchDataset(String prompt, int answerTokens, LongBenchMetric metric, boolean chat, boolean firstLine) {
    private static final String RESOURCE = "datasets.json";
    private static final Map<String, Object> PUBLISHED = published();

    /**
     * The dataset of a name, as published but for what is overridden.
     *
     * @throws TaskException if the name is not known and not all is given
     */
    static LongBenchDataset of(
            String name, Optional<String> prompt, Optional<LongBenchMetric> metric, OptionalInt answerTokens) {
        if (PUBLISHED.get(name) instanceof Map<?, ?> known) {
            return new LongBenchDataset(
                    prompt.orElseGet(() -> (String) known.get("prompt")),
                    answerTokens.orElseGet(() -> (Integer) known.get("answerTokens")),
                    metric.orElseGet(() -> metric((String) known.get("metric"))),
                    !Boolean.FALSE.equals(known.get("chat")),
                    Boolean.TRUE.equals(known.get("firstLine")));
        }
        if (prompt.isEmpty() || metric.isEmpty() || answerTokens.isEmpty()) {
            throw new TaskException("dataset '" + name + "' found, one of "
                    + String.join(", ", new TreeSet<>(PUBLISHED.keySet()))
                    + " expected, or an own prompt, metric and length of answers");
        }
        return new LongBenchDataset(prompt.get(), answerTokens.getAsInt(), metric.get(), true, false);
    }

    /** Whether a prompt of that name is known. */
    static boolean isKnown(String name) {
        return PUBLISHED.containsKey(name);
    }

    private static LongBenchMetric metric(String label) {
        return LongBenchMetric.valueOf(label.toUpperCase(Locale.ROOT).replace('-', '_'));
    }

    private static Map<String, Object> published() {
        try (InputStream stream = LongBenchDataset.class.getResourceAsStream(RESOURCE)) {
            return JSON.std.mapFrom(stream);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
