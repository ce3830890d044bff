package io.longinfer.eval.accuracy.choice;

import io.longinfer.eval.accuracy.Answer;
import io.longinfer.eval.accuracy.TaskResult;
import io.longinfer.eval.report.JsonTree;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How the questions of a task were answered with one way to manage KV.
 *
 * @param accuracy answers by likelihood
 * @param normalised answers by likelihood a byte of the option's text (the harness counts characters: the same for plain English)
 * @param logLikelihoods of each question's options
 */
public record ChoiceResult(TaskResult accuracy, TaskResult normalised, List<List<Double>> logLikelihoods) {
    public ChoiceResult {
        logLikelihoods = List.copyOf(logLikelihoods);
    }

    /** For programs. */
    public Map<String, Object> toTree() {
        Map<String, Object> tree = new LinkedHashMap<>(accuracy.toTree());
        tree.put("normalised", Map.of("score", normalised.score(), "scores", JsonTree.of(normalised.scores())));
        tree.put("logLikelihoods", logLikelihoods);
        return tree;
    }

    /** Collects the answers of a contender. */
    static final class Builder {
        private final TaskResult.Builder accuracy;
        private final List<Answer> normalised = new ArrayList<>();
        private final List<List<Double>> all = new ArrayList<>();

        Builder(TaskResult.Builder accuracy) {
            this.accuracy = accuracy;
        }

        TaskResult.Builder accuracy() {
            return accuracy;
        }

        /** Adds a question: {@code logLikelihoods} of its options. */
        void add(int index, int promptTokens, Question question, double[] logLikelihoods) {
            double[] byByte = logLikelihoods.clone();
            List<Double> list = new ArrayList<>();
            for (int i = 0; i < byByte.length; i++) {
                list.add(logLikelihoods[i]);
                byByte[i] /= question.options().get(i).text().getBytes(StandardCharsets.UTF_8).length;
            }
            all.add(list);
            accuracy.add(answer(index, promptTokens, question, logLikelihoods));
            normalised.add(answer(index, promptTokens, question, byByte));
        }

        private static Answer answer(int index, int promptTokens, Question question, double[] values) {
            int chosen = 0;
            for (int i = 1; i < values.length; i++) {
                chosen = values[i] > values[chosen] ? i : chosen; // the first of equals, as published
            }
            List<Question.Option> options = question.options();
            return new Answer(
                    index,
                    promptTokens,
                    options.get(chosen).text(),
                    List.of(options.get(question.right()).text()),
                    chosen == question.right() ? 1 : 0);
        }

        ChoiceResult build() {
            TaskResult built = accuracy.build();
            return new ChoiceResult(built, built.with(normalised), all);
        }
    }
}
