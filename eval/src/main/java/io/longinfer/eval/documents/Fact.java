package io.longinfer.eval.documents;

/**
 * A fact hidden in a document.
 *
 * @param key what it is about, such as {@code "careful lantern"}
 * @param value decimal digits
 * @param offset where its statement begins in the document, in characters
 */
public record Fact(FactForm form, String key, String value, int offset) {
    /** The sentence that stands in the document. */
    public String statement() {
        return form.statement(key, value);
    }

    /** The question that asks for it. */
    public String question() {
        return form.question(key);
    }

    /** The whole sentence that answers the question. */
    public String answer() {
        return form.answer(key, value);
    }
}
