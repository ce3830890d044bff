package io.longinfer.eval.documents;

import java.util.List;
import java.util.Optional;

/**
 * What document to generate.
 *
 * @param tokens its length; the document has at most so many tokens and lacks less than a sentence
 * @param facts hidden facts, all of one form
 * @param form their form; drawn by the seed if empty
 * @param depths where they are hidden, 0 (begin) to 1 (end), one for each fact; random places if empty
 */
public record DocumentOptions(
        int tokens, int facts, Optional<FactForm> form, Filling filling, List<Double> depths, long seed) {
    public DocumentOptions {
        depths = List.copyOf(depths);
        if (tokens < 1) {
            throw new IllegalArgumentException("a document has a positive number of tokens, not " + tokens);
        }
        if (facts < 1 || facts > Keys.capacity() / 4) {
            throw new IllegalArgumentException("a document hides 1 to " + Keys.capacity() / 4 + " facts, not " + facts);
        }
        if (!depths.isEmpty() && depths.size() != facts) {
            throw new IllegalArgumentException(facts + " facts need as many depths, not " + depths.size());
        }
        for (double depth : depths) {
            if (!(depth >= 0 && depth <= 1)) {
                throw new IllegalArgumentException("a depth lies between 0 and 1, not at " + depth);
            }
        }
    }

    /** Journal text with one fact of a random form at a random place. */
    public static DocumentOptions journal(int tokens, long seed) {
        return new DocumentOptions(tokens, 1, Optional.empty(), Filling.JOURNAL, List.of(), seed);
    }

    /** The same with that many facts. */
    public DocumentOptions withFacts(int count) {
        return new DocumentOptions(tokens, count, form, filling, List.of(), seed);
    }

    /** The same with one fact at that depth. */
    public DocumentOptions withDepth(double depth) {
        return new DocumentOptions(tokens, 1, form, filling, List.of(depth), seed);
    }

    /** The same with facts of that form. */
    public DocumentOptions withForm(FactForm chosen) {
        return new DocumentOptions(tokens, facts, Optional.of(chosen), filling, depths, seed);
    }

    /** The same with other filling text. */
    public DocumentOptions withFilling(Filling chosen) {
        return new DocumentOptions(tokens, facts, form, chosen, depths, seed);
    }
}
