package io.longinfer.eval.accuracy;

import java.util.List;

/** Says how good an answer is. Stateless. */
@FunctionalInterface
public interface Metric {
    /**
     * The score of an answer, 0 to 1.
     *
     * @param prediction what was generated behind the answer's prefix
     * @param references what a right answer would hold, as the metric reads it
     */
    double score(String prediction, List<String> references);
}
