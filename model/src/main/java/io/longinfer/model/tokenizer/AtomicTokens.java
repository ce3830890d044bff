package io.longinfer.model.tokenizer;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Cuts the names of control and user-defined tokens out of a text, the longest name first, before the rest is merged.
 * Immutable, safe for any thread.
 */
final class AtomicTokens {
    /** A stretch of the text that is still to be encoded, or a token: then {@code id} is no negative number. */
    record Fragment(int id, int from, int to) {
        static final int TEXT = -1;

        boolean isText() {
            return id == TEXT;
        }
    }

    /** A token that is recognised by its name. */
    private record Atom(int id, String name, int sizeBytes, boolean special, boolean stripsRight) {}

    /** A prefix of names; {@code atom} is the index of the one that is complete here, or negative. */
    private static final class Node {
        final Map<Character, Node> next = new HashMap<>();
        int atom = -1;
    }

    private final List<Atom> longestFirst;
    private final Node root = new Node();

    AtomicTokens(Vocabulary vocabulary) {
        List<Atom> atoms = new ArrayList<>();
        for (int id = 0; id < vocabulary.size(); id++) {
            TokenType type = vocabulary.types()[id];
            if (type.isAtomic()) {
                String name = vocabulary.texts()[id];
                int sizeBytes = name.codePoints().map(Utf8Text::sizeBytes).sum();
                atoms.add(new Atom(
                        id,
                        name,
                        sizeBytes,
                        type.isSpecial(),
                        vocabulary.stripsRight().get(id)));
            }
        }
        atoms.sort(Comparator.comparingInt(Atom::sizeBytes).reversed());
        longestFirst = List.copyOf(atoms);
        for (int i = 0; i < longestFirst.size(); i++) {
            Node node = root;
            for (char c : longestFirst.get(i).name.toCharArray()) {
                node = node.next.computeIfAbsent(c, k -> new Node());
            }
            node.atom = i;
        }
    }

    /** The text in fragments, none empty. */
    List<Fragment> partition(String text, boolean parseSpecial) {
        List<Fragment> fragments = new ArrayList<>();
        if (!text.isEmpty()) {
            fragments.add(new Fragment(Fragment.TEXT, 0, text.length()));
        }
        BitSet present = present(text);
        for (int i = present.nextSetBit(0); i >= 0; i = present.nextSetBit(i + 1)) {
            Atom atom = longestFirst.get(i);
            if (parseSpecial || !atom.special) {
                List<Fragment> finer = new ArrayList<>(fragments.size() + 2);
                for (Fragment fragment : fragments) {
                    cut(text, fragment, atom, finer);
                }
                fragments = finer;
            }
        }
        return fragments;
    }

    /** The atoms whose names occur in the text at all: nearly always few, so that one pass does for hundreds of names. */
    private BitSet present(String text) {
        BitSet present = new BitSet();
        for (int start = 0; start < text.length(); start++) {
            Node node = root.next.get(text.charAt(start));
            for (int at = start + 1; node != null; at++) {
                if (node.atom >= 0) {
                    present.set(node.atom);
                }
                node = at < text.length() ? node.next.get(text.charAt(at)) : null;
            }
        }
        return present;
    }

    private static void cut(String text, Fragment fragment, Atom atom, List<Fragment> out) {
        if (!fragment.isText()) {
            out.add(fragment);
            return;
        }
        int from = fragment.from;
        int match = text.indexOf(atom.name, from, fragment.to);
        while (match >= 0) {
            if (match > from) {
                out.add(new Fragment(Fragment.TEXT, from, match));
            }
            out.add(new Fragment(atom.id, match, match + atom.name.length()));
            from = match + atom.name.length();
            while (atom.stripsRight && from < fragment.to && isSpace(text.charAt(from))) {
                from++;
            }
            match = text.indexOf(atom.name, from, fragment.to);
        }
        if (from < fragment.to) {
            out.add(new Fragment(Fragment.TEXT, from, fragment.to));
        }
    }

    private static boolean isSpace(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
    }
}
