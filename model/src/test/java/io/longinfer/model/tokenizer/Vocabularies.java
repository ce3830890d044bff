package io.longinfer.model.tokenizer;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.longinfer.model.catalog.ModelCatalog;
import io.longinfer.model.gguf.GgufFile;
import io.longinfer.model.gguf.GgufInMemory;
import io.longinfer.model.gguf.GgufMetadata;
import io.longinfer.model.gguf.GgufWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Vocabularies for tests. */
final class Vocabularies {
    private Vocabularies() {}

    /** A tokenizer of a file. */
    static Tokenizer of(Path file) throws IOException {
        try (GgufFile opened = GgufFile.open(file)) {
            return Tokenizer.of(opened.metadata());
        }
    }

    /** The embedded model's vocabulary, split by another pre-tokenizer than its own. */
    static Tokenizer needle(String preTokenizer) throws IOException {
        Map<String, Object> metadata = needleMetadata();
        metadata.put("tokenizer.ggml.pre", preTokenizer);
        metadata.remove("tokenizer.ggml.add_bos_token");
        return of(metadata);
    }

    /** What the embedded model's file says of its vocabulary. */
    static Map<String, Object> needleMetadata() throws IOException {
        try (GgufFile file = GgufFile.open(ModelCatalog.resolve("needle"))) {
            Map<String, Object> metadata = new LinkedHashMap<>();
            for (String key : file.metadata().keys()) {
                if (key.startsWith("tokenizer.ggml.")) {
                    metadata.put(key, file.metadata().value(key));
                }
            }
            return metadata;
        }
    }

    /** A SentencePiece vocabulary of 560 tokens; ORIGIN.md beside it says how it was made. */
    static Tokenizer sentencePiece() throws IOException {
        return of(sentencePieceMetadata());
    }

    /** What the file of that vocabulary says. */
    static Map<String, Object> sentencePieceMetadata() throws IOException {
        try (InputStream in = Vocabularies.class.getResourceAsStream("small-spm.gguf");
                GgufFile file = GgufInMemory.open(in.readAllBytes())) {
            Map<String, Object> metadata = new LinkedHashMap<>();
            for (String key : file.metadata().keys()) {
                metadata.put(key, file.metadata().value(key));
            }
            return metadata;
        }
    }

    /** The tokenizer of a file with these metadata. */
    static Tokenizer of(Map<String, Object> metadata) throws IOException {
        try (GgufFile file = file(metadata)) {
            return Tokenizer.of(file.metadata());
        }
    }

    /** Metadata as if read from a file. */
    static GgufMetadata metadata(Map<String, Object> metadata) throws IOException {
        try (GgufFile file = file(metadata)) {
            return file.metadata();
        }
    }

    private static GgufFile file(Map<String, Object> metadata) throws IOException {
        GgufWriter writer = new GgufWriter();
        metadata.forEach(writer::put);
        return GgufInMemory.open(writer.toBytes());
    }

    /** A file of the folder of shared vectors; the test is skipped where that is not there. */
    static Path shared(String name) {
        String given = Optional.ofNullable(System.getProperty("LONGINFER_SHARED"))
                .orElseGet(() -> System.getenv().getOrDefault("LONGINFER_SHARED", "../../shared"));
        Path file = Path.of(given, name);
        assumeTrue(Files.exists(file), () -> "skipped: no shared vectors at " + file.toAbsolutePath());
        return file;
    }
}
