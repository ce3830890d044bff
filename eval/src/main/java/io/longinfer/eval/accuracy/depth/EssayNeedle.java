package io.longinfer.eval.accuracy.depth;

import io.longinfer.eval.accuracy.TaskException;

/**
 * A sentence to hide in an essay.
 *
 * @param essay the text, which is begun again where it is too short
 * @param sentence what is hidden
 * @param question what it answers
 * @param answer a part of the sentence that a right answer contains
 */
public record EssayNeedle(String essay, String sentence, String question, String answer) {
    public EssayNeedle {
        essay = essay.strip();
        if (essay.isEmpty()) {
            throw new TaskException("an essay without text found, a text to hide a sentence in expected");
        }
        if (answer.isBlank()) {
            throw new TaskException("a blank answer found, a part of the hidden sentence expected");
        }
    }
}
