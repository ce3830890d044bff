package io.longinfer.eval.accuracy;

import java.util.List;

/**
 * An answer to a sample.
 *
 * @param index of the sample
 * @param promptTokens tokens of its prompt
 * @param prediction what was generated
 * @param score 0 to 1
 */
public record Answer(int index, int promptTokens, String prediction, List<String> references, double score) {
    public Answer {
        references = List.copyOf(references);
    }
}
