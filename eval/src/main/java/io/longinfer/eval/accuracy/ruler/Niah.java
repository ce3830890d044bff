package io.longinfer.eval.accuracy.ruler;

import io.longinfer.eval.accuracy.Sample;
import io.longinfer.eval.documents.Journal;
import io.longinfer.eval.documents.WordLists;
import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.SequencedSet;
import java.util.UUID;

/**
 * Needles in a haystack: sentences that give keys values, hidden in noise, in an essay, or among more of their kind. Essays are
 * split into sentences by Java's {@link BreakIterator}, not by nltk.
 */
final class Niah extends SizedTask {
    /** What needles are hidden in. */
    enum Haystack {
        NOISE,
        ESSAY,
        NEEDLES
    }

    /** What keys or values are made of. */
    enum Type {
        NUMBERS,
        WORDS,
        UUIDS;

        String plural() {
            return name().toLowerCase(Locale.ROOT);
        }

        String draw(Random random) {
            return switch (this) {
                case NUMBERS -> String.valueOf(random.nextInt(1_000_000, 10_000_000));
                case WORDS ->
                    WordLists.ADJECTIVES.get(random.nextInt(WordLists.ADJECTIVES.size())) + "-"
                            + WordLists.NOUNS.get(random.nextInt(WordLists.NOUNS.size()));
                case UUIDS ->
                    new UUID((random.nextLong() & ~0xf000L) | 0x4000L, (random.nextLong() >>> 2) | (1L << 63))
                            .toString();
            };
        }
    }

    /**
     * A row of RULER's table of tasks.
     *
     * @param keys there are; {@code queries} of them at least
     * @param values of each key
     * @param queries keys that are asked for
     */
    record Form(String name, Haystack haystack, Type key, Type value, int keys, int values, int queries) {}

    static final List<Form> FORMS = List.of(
            new Form("niah_single_1", Haystack.NOISE, Type.WORDS, Type.NUMBERS, 1, 1, 1),
            new Form("niah_single_2", Haystack.ESSAY, Type.WORDS, Type.NUMBERS, 1, 1, 1),
            new Form("niah_single_3", Haystack.ESSAY, Type.WORDS, Type.UUIDS, 1, 1, 1),
            new Form("niah_multikey_1", Haystack.ESSAY, Type.WORDS, Type.NUMBERS, 4, 1, 1),
            new Form("niah_multikey_2", Haystack.NEEDLES, Type.WORDS, Type.NUMBERS, 1, 1, 1),
            new Form("niah_multikey_3", Haystack.NEEDLES, Type.UUIDS, Type.UUIDS, 1, 1, 1),
            new Form("niah_multivalue", Haystack.ESSAY, Type.WORDS, Type.NUMBERS, 1, 4, 1),
            new Form("niah_multiquery", Haystack.ESSAY, Type.WORDS, Type.NUMBERS, 1, 1, 4));

    static final String NOISE =
            "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again.";

    private static final String TEMPLATE =
            "Some special magic %1$s are hidden within the following text. Make sure to memorize it. I will quiz you about"
                    + " the %1$s afterwards.\n%2$s\nWhat are all the special magic %1$s for %3$s mentioned in the provided text?";
    private static final String PREFIX = " The special magic %1$s for %2$s mentioned in the provided text are";
    private static final int ANSWER_TOKENS = 128;
    private static final int ESSAY_WORDS = 500;
    private static final int DEPTHS = 40;

    private final Form form;

    Niah(RulerSetting setting, Form form) {
        super(setting, form.name(), ANSWER_TOKENS, increment(setting, form), RulerMetrics.ALL);
        this.form = form;
    }

    private static int increment(RulerSetting setting, Form form) {
        if (form.haystack() != Haystack.ESSAY) {
            return setting.isLong() ? 25 : 5;
        }
        // Ours: a short context would lose up to half of itself where one sample of many is a little longer.
        return setting.isLong() ? ESSAY_WORDS : ESSAY_WORDS / 10;
    }

    @Override
    int smallest() {
        return form.haystack() == Haystack.ESSAY ? 1 : Math.max(form.keys(), form.queries()) * form.values();
    }

    @Override
    Sample make(int index, int size, Random random) {
        int keyCount = Math.max(form.keys(), form.queries());
        List<String> keys = distinct(form.key(), keyCount, random);
        List<List<String>> values = new ArrayList<>();
        List<String> needles = new ArrayList<>();
        for (String key : keys) {
            List<String> own = distinct(form.value(), form.values(), random);
            values.add(own);
            own.forEach(value -> needles.add(needle(key, value)));
        }
        Collections.shuffle(needles, random);
        List<Integer> asked = places(keyCount, form.queries(), random);
        List<String> references =
                asked.stream().flatMap(key -> values.get(key).stream()).toList();
        String query = joined(asked.stream().map(keys::get).toList());
        String context = context(needles, size, index, random);
        return sample(context, query, references);
    }

    private Sample sample(String context, String query, List<String> references) {
        String type = form.value().plural();
        String template = TEMPLATE;
        String prefix = PREFIX;
        if (form.queries() * form.values() == 1) {
            template = singular(template);
            prefix = singular(prefix);
            type = type.substring(0, type.length() - 1);
        }
        return new Sample(
                String.format(Locale.ROOT, template, type, context, query),
                String.format(Locale.ROOT, prefix, type, query),
                ANSWER_TOKENS,
                references);
    }

    private static String singular(String text) {
        return text.replace("Some", "A")
                .replace("are all", "is")
                .replace("are", "is")
                .replace("answers", "answer");
    }

    private String needle(String key, String value) {
        return "One of the special magic " + form.value().plural() + " for " + key + " is: " + value + ".";
    }

    private String context(List<String> needles, int size, int index, Random random) {
        if (form.haystack() == Haystack.ESSAY) {
            return inEssay(needles, words(size, index), random);
        }
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            lines.add(
                    form.haystack() == Haystack.NOISE
                            ? NOISE
                            : needle(form.key().draw(random), form.value().draw(random)));
        }
        List<Integer> places = places(size, needles.size(), random).stream()
                .sorted(Collections.reverseOrder())
                .toList();
        for (int i = 0; i < needles.size(); i++) {
            lines.add(places.get(i), needles.get(i));
        }
        return String.join("\n", lines);
    }

    /** The first words of the essay, again from its start if it is too short; or as many of a journal. */
    private List<String> words(int count, int index) {
        List<String> words = new ArrayList<>();
        if (setting.essay().isPresent()) {
            List<String> essay = setting.essay().get();
            for (int i = 0; i < count; i++) {
                words.add(essay.get(i % essay.size()));
            }
            return words;
        }
        Random journal = setting.random("journal", index);
        while (words.size() < count) {
            words.addAll(Arrays.asList(Journal.sentence(journal).split(" ")));
        }
        return words.subList(0, count);
    }

    private static String inEssay(List<String> needles, List<String> words, Random random) {
        List<String> sentences = sentences(String.join(" ", words));
        List<Integer> depths = new ArrayList<>();
        for (int depth : places(DEPTHS, needles.size(), random)) {
            long percent = Math.round(100.0 * depth / (DEPTHS - 1));
            depths.add((int) (sentences.size() * percent / 100));
        }
        Collections.sort(depths);
        List<String> parts = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < needles.size(); i++) {
            parts.addAll(sentences.subList(from, depths.get(i)));
            parts.add(needles.get(i));
            from = depths.get(i);
        }
        parts.addAll(sentences.subList(from, sentences.size()));
        return String.join(" ", parts);
    }

    static List<String> sentences(String text) {
        BreakIterator breaks = BreakIterator.getSentenceInstance(Locale.ENGLISH);
        breaks.setText(text);
        List<String> sentences = new ArrayList<>();
        int from = breaks.first();
        for (int to = breaks.next(); to != BreakIterator.DONE; to = breaks.next()) {
            sentences.add(text.substring(from, to).strip());
            from = to;
        }
        return sentences;
    }

    private static List<String> distinct(Type type, int count, Random random) {
        SequencedSet<String> drawn = new LinkedHashSet<>();
        while (drawn.size() < count) {
            drawn.add(type.draw(random));
        }
        return List.copyOf(drawn);
    }

    /** Distinct numbers below {@code end}, in the order drawn. */
    static List<Integer> places(int end, int count, Random random) {
        SequencedSet<Integer> drawn = new LinkedHashSet<>();
        while (drawn.size() < Math.min(end, count)) {
            drawn.add(random.nextInt(end));
        }
        return List.copyOf(drawn);
    }

    static String joined(List<String> keys) {
        return keys.size() == 1
                ? keys.getFirst()
                : String.join(", ", keys.subList(0, keys.size() - 1)) + ", and " + keys.getLast();
    }
}
