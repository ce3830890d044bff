package io.longinfer.eval.documents;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Draws the keys and values of one document: no key twice, and no value twice nor inside another's digits, so that an
 * answer never occurs where it was not put. Not thread-safe.
 */
final class Keys {
    private static final int[] LENGTHS = {4, 5, 7};
    private static final int SHORTEST = 4;

    private final Random random;
    private final Set<String> pairs = new HashSet<>();
    private final Set<String> values = new HashSet<>();
    private final Set<String> parts = new HashSet<>();

    Keys(Random random) {
        this.random = random;
    }

    /** How many keys there are. */
    static int capacity() {
        return WordLists.ADJECTIVES.size() * WordLists.NOUNS.size();
    }

    /** Adjective, space or hyphen, noun; the same pair never comes twice, whatever joins it. */
    String nextKey() {
        if (pairs.size() >= capacity() / 2) {
            throw new IllegalStateException("no more than " + capacity() / 2 + " facts in one document");
        }
        while (true) {
            String adjective = WordLists.ADJECTIVES.get(random.nextInt(WordLists.ADJECTIVES.size()));
            String noun = WordLists.NOUNS.get(random.nextInt(WordLists.NOUNS.size()));
            String joint = random.nextBoolean() ? " " : "-";
            if (pairs.add(adjective + ' ' + noun)) {
                return adjective + joint + noun;
            }
        }
    }

    /** 4, 5 or 7 digits, the first not 0. */
    String nextValue() {
        while (true) {
            int length = LENGTHS[random.nextInt(LENGTHS.length)];
            String value = digits(length);
            if (!parts.contains(value) && !holdsAnother(value)) {
                values.add(value);
                forEachPart(value, parts::add);
                return value;
            }
        }
    }

    private String digits(int length) {
        StringBuilder digits = new StringBuilder(length);
        digits.append((char) ('1' + random.nextInt(9)));
        while (digits.length() < length) {
            digits.append((char) ('0' + random.nextInt(10)));
        }
        return digits.toString();
    }

    private boolean holdsAnother(String value) {
        boolean[] found = {false};
        forEachPart(value, part -> found[0] |= values.contains(part));
        return found[0];
    }

    private static void forEachPart(String value, Consumer<String> action) {
        for (int from = 0; from < value.length(); from++) {
            for (int to = from + SHORTEST; to <= value.length(); to++) {
                action.accept(value.substring(from, to));
            }
        }
    }
}
