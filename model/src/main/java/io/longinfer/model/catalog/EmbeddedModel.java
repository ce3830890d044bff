package io.longinfer.model.catalog;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A model file among the resources, which is copied into the cache directory because only a file can be mapped. Immutable.
 *
 * @param cachedAs its path under the cache directory
 * @param resource its name beside this class
 * @param sha256 of the file, in lower-case hexadecimal
 */
record EmbeddedModel(String cachedAs, String resource, long sizeBytes, String sha256) {
    /** The cached copy, made if there is none and made again if it is damaged. */
    Path extract(Path cache) throws IOException {
        Path target = cache.resolve(cachedAs);
        if (isIntact(target)) {
            return target;
        }
        Path folder = Files.createDirectories(target.getParent());
        // Another process may do the same at the same time: each writes a file of its own, and the last move wins.
        Path part = Files.createTempFile(folder, target.getFileName().toString(), ".part");
        try {
            try (InputStream in = EmbeddedModel.class.getResourceAsStream(resource)) {
                if (in == null) {
                    throw new IOException("the resource " + resource + " is missing from the application");
                }
                Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
            }
            if (!isIntact(part)) {
                throw new IOException("the copy of " + resource + " in " + part + " does not have the SHA-256 " + sha256
                        + ": is the disk full, or the application damaged?");
            }
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
        return target;
    }

    private boolean isIntact(Path file) throws IOException {
        return Files.isRegularFile(file)
                && Files.size(file) == sizeBytes
                && sha256(file).equals(sha256);
    }

    private static String sha256(Path file) throws IOException {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError("every Java platform has SHA-256", impossible);
        }
        try (DigestInputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
            in.transferTo(OutputStream.nullOutputStream());
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
