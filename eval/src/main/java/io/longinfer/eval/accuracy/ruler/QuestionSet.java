package io.longinfer.eval.accuracy.ruler;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;

/**
 * Questions with the documents that answer them, from a local file.
 *
 * @param documents all there are, each once
 * @param questions in the order of the file
 */
record QuestionSet(List<String> documents, List<Question> questions) {
    /**
     * One question.
     *
     * @param gold indices of the documents that answer it
     * @param near indices of documents about the same thing, taken before others
     */
    record Question(String text, List<String> answers, List<Integer> gold, List<Integer> near) {}

    /**
     * Reads SQuAD 2.0: {@code data[].paragraphs[]} of {@code context} and {@code qas[]}; questions without an answer are left out.
     *
     * @throws RulerException if the file says something else
     */
    static QuestionSet squad(Path file) throws IOException {
        Reader reader = new Reader(file);
        List<Question> questions = new ArrayList<>();
        List<?> articles =
                reader.list(reader.map(JSON.std.anyFrom(Files.readString(file)), "the file"), "data", "the file");
        for (int a = 0; a < articles.size(); a++) {
            String at = "data[" + a + "]";
            List<?> paragraphs = reader.list(reader.map(articles.get(a), at), "paragraphs", at);
            List<Integer> article = new ArrayList<>();
            for (int p = 0; p < paragraphs.size(); p++) {
                String where = at + ".paragraphs[" + p + "]";
                article.add(reader.document(reader.text(reader.map(paragraphs.get(p), where), "context", where)));
            }
            for (int p = 0; p < paragraphs.size(); p++) {
                String where = at + ".paragraphs[" + p + "]";
                int gold = article.get(p);
                List<Integer> near =
                        article.stream().filter(i -> i != gold).distinct().toList();
                List<?> qas = reader.list(reader.map(paragraphs.get(p), where), "qas", where);
                for (int q = 0; q < qas.size(); q++) {
                    addSquad(reader, qas.get(q), where + ".qas[" + q + "]", gold, near, questions);
                }
            }
        }
        return reader.set(questions);
    }

    private static void addSquad(
            Reader reader, Object node, String where, int gold, List<Integer> near, List<Question> questions) {
        Map<?, ?> qa = reader.map(node, where);
        if (Boolean.TRUE.equals(qa.get("is_impossible"))) {
            return;
        }
        SequencedSet<String> answers = new LinkedHashSet<>();
        List<?> given = reader.list(qa, "answers", where);
        for (int i = 0; i < given.size(); i++) {
            String at = where + ".answers[" + i + "]";
            answers.add(reader.text(reader.map(given.get(i), at), "text", at));
        }
        if (answers.isEmpty()) {
            throw reader.wrong(where + ".answers", "is empty, an answer or is_impossible expected");
        }
        questions.add(new Question(reader.text(qa, "question", where), List.copyOf(answers), List.of(gold), near));
    }

    /**
     * Reads HotpotQA's distractor setting: an array of {@code question}, {@code answer} and {@code context[]} of title and sentences.
     *
     * @throws RulerException if the file says something else
     */
    static QuestionSet hotpot(Path file) throws IOException {
        Reader reader = new Reader(file);
        if (!(JSON.std.anyFrom(Files.readString(file)) instanceof List<?> items)) {
            throw reader.wrong("the file", "is no array of questions");
        }
        List<Question> questions = new ArrayList<>();
        for (int i = 0; i < items.size(); i++) {
            String at = "[" + i + "]";
            Map<?, ?> item = reader.map(items.get(i), at);
            List<Integer> gold = new ArrayList<>();
            List<?> context = reader.list(item, "context", at);
            for (int c = 0; c < context.size(); c++) {
                if (!(context.get(c) instanceof List<?> pair
                        && pair.size() == 2
                        && pair.get(1) instanceof List<?> lines)) {
                    throw reader.wrong(at + ".context[" + c + "]", "is no title with a list of sentences");
                }
                StringBuilder text = new StringBuilder(pair.get(0) + "\n");
                lines.forEach(text::append);
                gold.add(reader.document(text.toString()));
            }
            questions.add(new Question(
                    reader.text(item, "question", at), List.of(reader.text(item, "answer", at)), gold, List.of()));
        }
        return reader.set(questions);
    }

    /** Finds what is expected in a tree, or says where it is not. */
    private static final class Reader {
        private final Path file;
        private final SequencedSet<String> seen = new LinkedHashSet<>();
        private final List<String> documents = new ArrayList<>();

        Reader(Path file) {
            this.file = file;
        }

        RulerException wrong(String where, String problem) {
            return new RulerException(file + ": " + where + " " + problem);
        }

        Map<?, ?> map(Object node, String where) {
            if (node instanceof Map<?, ?> map) {
                return map;
            }
            throw wrong(where, "is no object");
        }

        List<?> list(Map<?, ?> map, String key, String where) {
            if (map.get(key) instanceof List<?> list) {
                return list;
            }
            throw wrong(where, "has no list '" + key + "'");
        }

        String text(Map<?, ?> map, String key, String where) {
            if (map.get(key) instanceof String text) {
                return text;
            }
            throw wrong(where, "has no text '" + key + "'");
        }

        /** The index of a document, which is new or not. */
        int document(String text) {
            if (seen.add(text)) {
                documents.add(text);
                return documents.size() - 1;
            }
            return documents.indexOf(text);
        }

        QuestionSet set(List<Question> questions) {
            if (questions.isEmpty()) {
                throw wrong("the file", "has no question with an answer");
            }
            return new QuestionSet(List.copyOf(documents), List.copyOf(questions));
        }
    }
}
