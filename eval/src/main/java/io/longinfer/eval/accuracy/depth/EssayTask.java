package io.longinfer.eval.accuracy.depth;

import io.longinfer.eval.accuracy.Sample;
import java.util.List;

/**
 * A sentence in an essay, as in G. Kamradt's "needle in a haystack": put at a depth and moved back behind the period before it. Depths
 * are shares of the characters, where the original counts tokens, and an answer is right if it contains a part of the sentence, where
 * the original asks a language model. Each sample begins at another place of the essay.
 */
final class EssayTask extends DepthTask {
    static final String NAME = "needle_essay";

    private static final int ANSWER_TOKENS = 64;

    /** Texts are sized by so many characters, about a sentence. */
    private static final int UNIT = 64;

    private final EssayNeedle needle;

    EssayTask(DepthSetting setting, EssayNeedle needle) {
        super(setting, NAME, DepthMetrics.CONTAINED);
        this.needle = needle;
    }

    @Override
    Sample make(int index, double depth, int units) {
        String text = text(index, UNIT * units);
        String context = depth == 1 ? text + " " + needle.sentence() : hidden(text, (int) (depth * text.length()));
        return new Sample(
                context.strip() + "\n\n" + needle.question()
                        + " Don't give information outside the document or repeat your findings.",
                "",
                ANSWER_TOKENS,
                List.of(needle.answer()));
    }

    private String hidden(String text, int place) {
        int behindPeriod = text.lastIndexOf('.', place - 1) + 1;
        return text.substring(0, behindPeriod) + " " + needle.sentence() + " "
                + text.substring(behindPeriod).stripLeading();
    }

    /** Characters of the essay from a sample's place on, cut between words. */
    private String text(int index, int length) {
        String essay = needle.essay() + " ";
        int start = (int) ((long) essay.length() * index / setting.samples());
        start = start == 0 ? 0 : essay.indexOf(' ', start - 1) + 1; // the last character is a blank
        StringBuilder text = new StringBuilder(length + 1);
        for (int i = 0; i <= length; i++) {
            text.append(essay.charAt((start + i) % essay.length()));
        }
        return text.substring(0, Math.max(0, text.lastIndexOf(" ")));
    }
}
