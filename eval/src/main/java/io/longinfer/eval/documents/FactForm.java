package io.longinfer.eval.documents;

/** A form of sentence that states a fact, with the question that asks for it and the answer that is expected. */
public enum FactForm {
    MAGIC_NUMBER(
            "One of the special magic numbers for {k} is: {v}.",
            "What is the special magic number for {k} mentioned in the provided text?",
            "The special magic number for {k} mentioned in the provided text is {v}."),
    CODE("The code of the {k} is {v}.", "What is the code of the {k}?", "The code of the {k} is {v}."),
    PASS_KEY(
            "The pass key of the {k} is {v}. Remember it.",
            "What is the pass key of the {k}?",
            "The pass key of the {k} is {v}."),
    ROOM("Room {k} has the number {v}.", "Which number has room {k}?", "Room {k} has the number {v}.");

    private final String statement;
    private final String question;
    private final String answer;

    FactForm(String statement, String question, String answer) {
        this.statement = statement;
        this.question = question;
        this.answer = answer;
    }

    /** The sentence that stands in the document. */
    public String statement(String key, String value) {
        return statement.replace("{k}", key).replace("{v}", value);
    }

    /** The question that asks for the value of {@code key}. */
    public String question(String key) {
        return question.replace("{k}", key);
    }

    /** The whole sentence that answers it. */
    public String answer(String key, String value) {
        return answer.replace("{k}", key).replace("{v}", value);
    }
}
