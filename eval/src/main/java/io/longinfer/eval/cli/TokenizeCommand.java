package io.longinfer.eval.cli;

import io.longinfer.model.catalog.ModelCatalog;
import io.longinfer.model.gguf.GgufFile;
import io.longinfer.model.tokenizer.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code longinfer tokenize}: text to token ids and back. Needs no weights. */
@Command(
        name = "tokenize",
        description = {
            "Turns a text into token ids, separated by spaces on one line; with --decode, ids into the text.",
            "The text is taken as it is, to the last line end; so is what --decode writes."
        })
final class TokenizeCommand implements Callable<Integer> {
    @ParentCommand
    private LongInfer parent;

    @Parameters(paramLabel = "MODEL", description = "A name, or the path of a GGUF file, be it only a vocabulary.")
    private String model;

    @Option(
            names = {"-f", "--file"},
            paramLabel = "FILE",
            description = "The text or the ids. Default: stdin.")
    private Path file;

    @Option(
            names = {"-d", "--decode"},
            description = "From ids to text.")
    private boolean decode;

    @Option(
            names = "--special",
            description = "Reads names of special tokens, such as <|im_end|>, as those. Default: as plain text.")
    private boolean special;

    @Option(names = "--bos", description = "Puts the token before it that begins a text. Default: none.")
    private boolean bos;

    @Override
    public Integer call() throws IOException {
        byte[] input = file == null ? parent.streams().in().readAllBytes() : Files.readAllBytes(file);
        try (GgufFile opened = GgufFile.open(ModelCatalog.resolve(model))) {
            Tokenizer tokenizer = Tokenizer.of(opened.metadata());
            if (decode) {
                byte[] text = text(tokenizer, ids(new String(input, StandardCharsets.UTF_8)));
                parent.streams().out().write(text, 0, text.length);
            } else {
                parent.streams()
                        .out()
                        .println(Arrays.stream(encode(tokenizer, utf8(input)))
                                .mapToObj(Integer::toString)
                                .collect(Collectors.joining(" ")));
            }
            parent.streams().requireOpen();
        }
        return 0;
    }

    private int[] encode(Tokenizer tokenizer, String text) throws IOException {
        int[] ids = tokenizer.encode(text, false, special);
        if (!bos) {
            return ids;
        }
        if (tokenizer.bos().isEmpty()) {
            throw new IOException("--bos: " + model + " has no token that begins a text");
        }
        int[] begun = new int[ids.length + 1];
        begun[0] = tokenizer.bos().getAsInt();
        System.arraycopy(ids, 0, begun, 1, ids.length);
        return begun;
    }

    private String utf8(byte[] input) throws IOException {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(input))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new IOException((file == null ? "stdin" : file.toString()) + " is no UTF-8 text", e);
        }
    }

    private static int[] ids(String text) throws IOException {
        String[] words = text.isBlank() ? new String[0] : text.strip().split("[\\s,]+", -1);
        int[] ids = new int[words.length];
        for (int index = 0; index < words.length; index++) {
            try {
                ids[index] = Integer.parseInt(words[index]);
            } catch (NumberFormatException notANumber) {
                throw new IOException("'" + words[index] + "' is no token id: a number is expected", notANumber);
            }
        }
        return ids;
    }

    /** The bytes that {@code ids} stand for, also where they are not UTF-8. */
    private static byte[] text(Tokenizer tokenizer, int[] ids) {
        String whole = tokenizer.decode(ids);
        if (whole.indexOf('\uFFFD') < 0) {
            return whole.getBytes(StandardCharsets.UTF_8);
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int id : ids) {
            bytes.writeBytes(tokenizer.bytes(id));
        }
        byte[] all = bytes.toByteArray();
        // The space that a SentencePiece vocabulary puts before a text is none of the text's.
        boolean spaceAdded = all.length > 0 && all[0] == ' ' && !whole.startsWith(" ");
        return spaceAdded ? Arrays.copyOfRange(all, 1, all.length) : all;
    }
}
