package io.longinfer.model.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/** A tokenizer over a vocabulary that was read from a file. Immutable, safe for any thread. */
final class BpeTokenizer implements Tokenizer {
    private static final byte[] NO_BYTES = {};

    private final Vocabulary vocabulary;
    private final TextEncoder encoder;
    private final AtomicTokens atoms;
    private final byte[][] bytes;
    private final Set<Integer> ends;

    BpeTokenizer(Vocabulary vocabulary, TextEncoder encoder) {
        this.vocabulary = vocabulary;
        this.encoder = encoder;
        this.atoms = new AtomicTokens(vocabulary);
        this.bytes = new byte[vocabulary.size()][];
        for (int id = 0; id < bytes.length; id++) {
            bytes[id] = bytesOf(id);
        }
        this.ends = vocabulary.endOfGeneration().stream().boxed().collect(Collectors.toUnmodifiableSet());
    }

    private byte[] bytesOf(int id) {
        return switch (vocabulary.types()[id]) {
            case CONTROL, UNKNOWN, USER_DEFINED -> vocabulary.texts()[id].getBytes(StandardCharsets.UTF_8);
            case NORMAL, BYTE -> encoder.bytes(id);
            case UNUSED, UNDEFINED -> NO_BYTES;
        };
    }

    @Override
    public int[] encode(String text, boolean addBos, boolean parseSpecial) {
        List<AtomicTokens.Fragment> fragments = atoms.partition(text, parseSpecial);
        IntSequence ids = new IntSequence(text.length() / 3 + 2);
        if (addBos && vocabulary.addBos()) {
            vocabulary.bos().ifPresent(ids::add);
        }
        boolean first = true;
        for (AtomicTokens.Fragment fragment : fragments) {
            if (fragment.isText()) {
                encoder.encode(text, fragment.from(), fragment.to(), first, ids);
            } else {
                ids.add(fragment.id());
            }
            first = !fragment.isText();
        }
        if (addBos && vocabulary.addEos()) {
            vocabulary.eos().ifPresent(ids::add);
        }
        return ids.toArray();
    }

    @Override
    public String decode(int[] ids, boolean showSpecial) {
        StreamingDecoder decoder = new StreamingDecoder(this, showSpecial, vocabulary.addSpacePrefix());
        StringBuilder text = new StringBuilder(4 * ids.length);
        for (int id : ids) {
            decoder.append(id, text);
        }
        decoder.flush(text);
        return text.toString();
    }

    @Override
    public byte[] bytes(int id) {
        return sharedBytes(id).clone();
    }

    /** The bytes of a token, not to be changed. */
    byte[] sharedBytes(int id) {
        return bytes[checked(id)];
    }

    @Override
    public boolean isSpecial(int id) {
        return vocabulary.types()[checked(id)].isSpecial();
    }

    /** Whether a token is recognised by its name, so that a SentencePiece text after it begins with a space. */
    boolean isAtomic(int id) {
        return vocabulary.types()[checked(id)].isAtomic();
    }

    private int checked(int id) {
        if (id < 0 || id >= bytes.length) {
            throw new UnknownTokenException(id, bytes.length);
        }
        return id;
    }

    @Override
    public int vocabularySize() {
        return vocabulary.size();
    }

    @Override
    public OptionalInt bos() {
        return vocabulary.bos();
    }

    @Override
    public OptionalInt eos() {
        return vocabulary.eos();
    }

    @Override
    public boolean addsBos() {
        return vocabulary.addBos();
    }

    @Override
    public boolean endsGeneration(int id) {
        return id >= 0 && vocabulary.endOfGeneration().get(id);
    }

    @Override
    public Set<Integer> endOfGeneration() {
        return ends;
    }

    @Override
    public StreamingDecoder stream(boolean showSpecial) {
        return new StreamingDecoder(this, showSpecial, false);
    }
}
