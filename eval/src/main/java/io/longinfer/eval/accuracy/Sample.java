package io.longinfer.eval.accuracy;

import java.util.List;

/**
 * One question of a task.
 *
 * @param prompt what the user says: document and question
 * @param answerPrefix how the answer begins; put behind the chat template, not generated; may be empty
 * @param maxTokens most tokens to generate
 * @param references what an answer is compared with, at least one
 * @param chat whether the prompt goes into the model's chat template, if it has one
 */
public record Sample(String prompt, String answerPrefix, int maxTokens, List<String> references, boolean chat) {
    public Sample {
        if (maxTokens < 1) {
            throw new IllegalArgumentException("an answer has at least 1 token, not " + maxTokens);
        }
        references = List.copyOf(references);
        if (references.isEmpty()) {
            throw new IllegalArgumentException("a sample has something to compare answers with");
        }
    }

    /** A question put as a user's message. */
    public Sample(String prompt, String answerPrefix, int maxTokens, List<String> references) {
        this(prompt, answerPrefix, maxTokens, references, true);
    }
}
