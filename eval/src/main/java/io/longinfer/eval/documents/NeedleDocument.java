package io.longinfer.eval.documents;

import java.util.List;

/**
 * A generated document.
 *
 * @param text filling text with the facts between its sentences
 * @param tokens its length as the generator's counter counts it
 * @param facts the hidden facts in the order of the document; each can be asked for
 */
public record NeedleDocument(String text, int tokens, List<Fact> facts) {
    public NeedleDocument {
        facts = List.copyOf(facts);
    }

    /** What a user says who asks for {@code fact}: the document, an empty line, the question. */
    public String prompt(Fact fact) {
        return text + "\n\n" + fact.question();
    }
}
