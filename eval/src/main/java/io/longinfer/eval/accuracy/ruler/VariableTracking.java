package io.longinfer.eval.accuracy.ruler;

import io.longinfer.eval.accuracy.Sample;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.SequencedSet;

/** Which variables have a value, when one is assigned to the next in a chain that is scattered over noise. */
final class VariableTracking extends SizedTask {
    private static final String TEMPLATE =
            "Memorize and track the chain(s) of variable assignment hidden in the following text.\n\n{context}\nQuestion: Find all"
                    + " variables that are assigned the value {query} in the text above.";
    private static final String PREFIX =
            " Answer: According to the chain(s) of variable assignment in the text above, {num_v} variables are assigned the value"
                    + " {query}, they are: ";
    private static final int ANSWER_TOKENS = 30;
    private static final int HOPS = 4;
    private static final int NAME_LENGTH = 5;
    private static final int EXAMPLE_NAME_LENGTH = 3;
    private static final int EXAMPLE_TOKENS = 500;
    private static final int INCREMENT = 10;

    private int exampleLines;

    VariableTracking(RulerSetting setting) {
        super(setting, "vt", ANSWER_TOKENS, INCREMENT, RulerMetrics.ALL);
    }

    @Override
    int smallest() {
        return HOPS + 1;
    }

    @Override
    Sample make(int index, int size, Random random) {
        if (exampleLines == 0) {
            exampleLines = exampleLines();
        }
        Puzzle example = Puzzle.draw(EXAMPLE_NAME_LENGTH, exampleLines, random);
        Puzzle puzzle = Puzzle.draw(NAME_LENGTH, size, random);
        String shown = example.question() + example.prefix() + String.join(" ", example.names) + "\n";
        return new Sample(shown + puzzle.question(), puzzle.prefix(), ANSWER_TOKENS, puzzle.names);
    }

    /** The example takes 500 tokens at most, and leaves a short context some room. */
    private int exampleLines() {
        int most = Math.min(EXAMPLE_TOKENS, setting.maxTokens() / 3);
        int lines = smallest();
        while (tokens(lines + 1) <= most) {
            lines++;
        }
        return lines;
    }

    private int tokens(int lines) {
        Puzzle puzzle = Puzzle.draw(EXAMPLE_NAME_LENGTH, lines, setting.random("vt example", 0));
        return setting.length()
                .applyAsInt(new Sample(
                        puzzle.question() + puzzle.prefix() + String.join(" ", puzzle.names), "", 1, puzzle.names));
    }

    private record Puzzle(List<String> names, String value, String context) {
        static Puzzle draw(int nameLength, int lines, Random random) {
            SequencedSet<String> drawn = new LinkedHashSet<>();
            while (drawn.size() <= HOPS) {
                StringBuilder name = new StringBuilder();
                for (int i = 0; i < nameLength; i++) {
                    name.append((char) ('A' + random.nextInt(26)));
                }
                drawn.add(name.toString());
            }
            List<String> names = List.copyOf(drawn);
            String value = String.valueOf(random.nextInt(10_000, 99_999));
            List<String> text = new ArrayList<>(Collections.nCopies(lines, Niah.NOISE));
            List<Integer> places =
                    Niah.places(lines, names.size(), random).stream().sorted().toList();
            for (int i = 0; i < names.size(); i++) {
                String statement = i == 0
                        ? "VAR " + names.get(0) + " = " + value
                        : "VAR " + names.get(i) + " = VAR " + names.get(i - 1) + " ";
                text.add(places.get(i) + i, statement);
            }
            return new Puzzle(names, value, String.join("\n", text).replace(". \n", ".\n"));
        }

        String question() {
            return TEMPLATE.replace("{query}", value).replace("{context}", context);
        }

        String prefix() {
            return PREFIX.replace("{num_v}", String.valueOf(names.size())).replace("{query}", value);
        }
    }
}
