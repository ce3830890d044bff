package io.longinfer.eval.documents;

import java.util.List;
import java.util.Random;

/** The kinds of sentences between which facts are hidden. */
public enum Filling {
    /** Sentences about people and places, drawn from lists. */
    JOURNAL,
    /** The five sentences of RULER's noise, repeated. */
    NOISE,
    /** Facts of the same form as the hidden ones, with other keys and values: the hardest. */
    FACTS;

    private static final List<String> NOISE_SENTENCES = List.of(
            "The grass is green.", "The sky is blue.", "The sun is yellow.", "Here we go.", "There and back again.");

    /** The sentence at {@code index} of filling text of this kind. */
    String sentence(int index, FactForm form, Keys keys, Random random) {
        return switch (this) {
            case JOURNAL -> Journal.sentence(random);
            case NOISE -> NOISE_SENTENCES.get(index % NOISE_SENTENCES.size());
            case FACTS -> form.statement(keys.nextKey(), keys.nextValue());
        };
    }
}
