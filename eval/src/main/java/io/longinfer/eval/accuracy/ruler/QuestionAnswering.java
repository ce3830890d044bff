package io.longinfer.eval.accuracy.ruler;

import io.longinfer.eval.accuracy.Sample;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.SequencedSet;

/** Questions about documents, hidden among others: first of the same article, then any. Sample i asks the i-th question. */
final class QuestionAnswering extends SizedTask {
    private static final String INSTRUCTION =
            "Answer the question based on the given documents. Only give me the answer and do not output any other words.";
    private static final String TEMPLATE = INSTRUCTION + "\n\nThe following are given documents.\n\n{context}\n\n"
            + INSTRUCTION + "\n\nQuestion: {query}";
    private static final int ANSWER_TOKENS = 32;
    private static final int INCREMENT = 10;

    private final QuestionSet set;

    QuestionAnswering(RulerSetting setting, String name, QuestionSet set) {
        super(setting, name, ANSWER_TOKENS, INCREMENT, RulerMetrics.ANY);
        this.set = set;
    }

    @Override
    int greatest() {
        return set.documents().size();
    }

    @Override
    Sample make(int index, int size, Random random) {
        QuestionSet.Question question =
                set.questions().get(index % set.questions().size());
        SequencedSet<Integer> chosen = new LinkedHashSet<>(question.gold());
        List<Integer> near = new ArrayList<>(question.near());
        Collections.shuffle(near, random);
        for (int i = 0; i < near.size() && chosen.size() < size; i++) {
            chosen.add(near.get(i));
        }
        while (chosen.size() < Math.min(size, set.documents().size())) {
            chosen.add(random.nextInt(set.documents().size()));
        }
        List<Integer> order = new ArrayList<>(chosen);
        Collections.shuffle(order, random);
        List<String> parts = new ArrayList<>();
        for (int i = 0; i < order.size(); i++) {
            parts.add("Document " + (i + 1) + ":\n" + set.documents().get(order.get(i)));
        }
        return new Sample(
                TEMPLATE.replace("{query}", question.text()).replace("{context}", String.join("\n\n", parts)),
                " Answer:",
                ANSWER_TOKENS,
                question.answers());
    }
}
