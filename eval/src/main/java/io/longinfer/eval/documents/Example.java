package io.longinfer.eval.documents;

/**
 * A document with one question, as a file of examples holds it.
 *
 * @param tokensAbout the document's length, roughly
 * @param answer the number that a right answer names
 * @param answerSentence the whole answer as the embedded model was taught to give it
 */
public record Example(int tokensAbout, String document, String question, String answer, String answerSentence) {
    /** What a user says: the document, an empty line, the question. */
    public String prompt() {
        return document + "\n\n" + question;
    }
}
