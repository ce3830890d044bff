package io.longinfer.eval.accuracy.depth;

import io.longinfer.eval.accuracy.Sample;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** InfiniteBench's passkey and number string: digits between lines of noise. */
final class NoiseTask extends DepthTask {
    private static final String NOISE =
            "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again.\n";

    /** What is hidden, with InfiniteBench's words. */
    enum Form {
        PASSKEY(
                "passkey",
                "There is an important info hidden inside a lot of irrelevant text. Find it and memorize it. I will quiz you"
                        + " about the important information.",
                "pass key",
                16),
        NUMBER_STRING(
                "number_string",
                "There is an important info hidden inside a lot of irrelevant text. Find it. I will quiz you about the"
                        + " important information there.",
                "sequence of digits",
                24);

        private final String label;
        private final String instruction;
        private final String thing;
        private final int answerTokens;

        Form(String label, String instruction, String thing, int answerTokens) {
            this.label = label;
            this.instruction = instruction;
            this.thing = thing;
            this.answerTokens = answerTokens;
        }

        /** Its name as a task. */
        String label() {
            return label;
        }
    }

    private final Form form;

    NoiseTask(DepthSetting setting, Form form) {
        super(setting, form.label, DepthMetrics.FIRST_NUMBER);
        this.form = form;
    }

    @Override
    Sample make(int index, double depth, int lines) {
        String digits = digits(setting.random(form.label, index));
        int before = (int) Math.round(depth * lines);
        String statement =
                "The " + form.thing + " is " + digits + ". Remember it. " + digits + " is the " + form.thing + ".\n";
        String context = NOISE.repeat(before) + statement + NOISE.repeat(lines - before);
        return new Sample(
                form.instruction + "\n\n" + context + "\n\nWhat is the " + form.thing + "?\n\n",
                "The " + form.thing + " is",
                form.answerTokens,
                List.of(digits));
    }

    /** Five digits; for a number string, five of the ten drawn are then doubled where they stand. */
    private String digits(Random random) {
        List<Integer> digits = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            digits.add(random.nextInt(10));
        }
        for (int more = 0; form == Form.NUMBER_STRING && more < 5; more++) {
            int place = random.nextInt(digits.size());
            digits.add(place, digits.get(place));
        }
        StringBuilder text = new StringBuilder();
        digits.forEach(text::append);
        return text.toString();
    }
}
