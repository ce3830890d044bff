package io.longinfer.eval.documents;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/**
 * Writes documents of the kind that the embedded model was trained on: sentences joined by single spaces, with facts
 * between them. The same options and counter give the same document on every machine. Thread-safe if the counter is.
 */
public final class DocumentGenerator {
    private static final List<FactForm> FORMS = List.of(FactForm.values());

    private final ToIntFunction<String> tokenCounter;

    /** @param tokenCounter tokens of a text, no BOS among them */
    public DocumentGenerator(ToIntFunction<String> tokenCounter) {
        this.tokenCounter = tokenCounter;
    }

    /**
     * Writes one document.
     *
     * @throws IllegalArgumentException if the facts alone are longer than the document may be
     */
    public NeedleDocument generate(DocumentOptions options) {
        Random random = new Random(options.seed());
        Keys keys = new Keys(random);
        FactForm form = options.form().orElseGet(() -> FORMS.get(random.nextInt(FORMS.size())));
        List<Hidden> hidden = new ArrayList<>();
        for (int index = 0; index < options.facts(); index++) {
            double depth = options.depths().isEmpty()
                    ? random.nextDouble()
                    : options.depths().get(index);
            hidden.add(new Hidden(keys.nextKey(), keys.nextValue(), depth));
        }
        hidden.sort(Comparator.comparingDouble(Hidden::depth));
        return fill(options, form, hidden, keys, random);
    }

    private NeedleDocument fill(DocumentOptions options, FactForm form, List<Hidden> hidden, Keys keys, Random random) {
        List<String> sentences = new ArrayList<>();
        NeedleDocument document = assemble(form, hidden, sentences);
        if (document.tokens() > options.tokens()) {
            throw new IllegalArgumentException(options.facts() + " facts take " + document.tokens()
                    + " tokens, more than the " + options.tokens() + " that the document may have");
        }
        // Counting a sentence alone is nearly right, as tokenizers split at spaces; counting the whole settles it.
        int tokens = document.tokens();
        while (true) {
            while (tokens <= options.tokens()) {
                String sentence = options.filling().sentence(sentences.size(), form, keys, random);
                sentences.add(sentence);
                tokens += Math.max(1, tokenCounter.applyAsInt(" " + sentence));
            }
            NeedleDocument longer = assemble(form, hidden, sentences);
            tokens = longer.tokens();
            if (tokens > options.tokens()) {
                break;
            }
        }
        do {
            sentences.removeLast();
            document = assemble(form, hidden, sentences);
        } while (document.tokens() > options.tokens());
        return document;
    }

    private NeedleDocument assemble(FactForm form, List<Hidden> hidden, List<String> sentences) {
        StringBuilder text = new StringBuilder();
        List<Fact> facts = new ArrayList<>();
        int[] places = hidden.stream()
                .mapToInt(fact -> place(fact.depth(), sentences.size()))
                .toArray();
        int next = 0;
        for (int index : IntStream.rangeClosed(0, sentences.size()).toArray()) {
            for (; next < places.length && places[next] == index; next++) {
                Hidden fact = hidden.get(next);
                int offset = append(text, form.statement(fact.key(), fact.value()));
                facts.add(new Fact(form, fact.key(), fact.value(), offset));
            }
            if (index < sentences.size()) {
                append(text, sentences.get(index));
            }
        }
        String whole = text.toString();
        return new NeedleDocument(whole, tokenCounter.applyAsInt(whole), facts);
    }

    /** The number of sentences before a fact; with two or more it stands between two of them. */
    private static int place(double depth, int sentences) {
        int place = (int) Math.round(depth * sentences);
        return sentences < 2 ? place : Math.clamp(place, 1, sentences - 1);
    }

    private static int append(StringBuilder text, String sentence) {
        if (!text.isEmpty()) {
            text.append(' ');
        }
        int offset = text.length();
        text.append(sentence);
        return offset;
    }

    private record Hidden(String key, String value, double depth) {}
}
