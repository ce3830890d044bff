package io.longinfer.eval.accuracy.ruler;

import io.longinfer.eval.accuracy.Metric;
import java.util.List;
import java.util.Locale;

/** RULER's scores: which references an answer contains, whatever the case. Stateless. */
public final class RulerMetrics {
    /** The share of the references that are found. */
    public static final Metric ALL =
            (prediction, references) -> (double) found(prediction, references) / references.size();

    /** 1 if any reference is found. */
    public static final Metric ANY = (prediction, references) -> found(prediction, references) > 0 ? 1 : 0;

    private RulerMetrics() {}

    private static long found(String prediction, List<String> references) {
        String text = cleaned(prediction).toLowerCase(Locale.ROOT);
        return references.stream()
                .filter(reference -> text.contains(reference.toLowerCase(Locale.ROOT)))
                .count();
    }

    /** Control characters are line feeds, none at the ends. */
    static String cleaned(String prediction) {
        return prediction.strip().replaceAll("[\\x00-\\x1f]", "\n").strip();
    }
}
