package io.longinfer.kvcache.disk;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file for what one process writes once and reads often in large pieces; nobody opens it again, so that it has no header,
 * and who writes keeps checksums. Deleted on close and at the exit of the virtual machine. Reads and writes may come from any
 * number of threads; close it after them. Double close is harmless.
 *
 * <p>Positions, lengths and addresses of memory are multiples of {@link #alignmentBytes()}.
 */
public final class ScratchFile implements AutoCloseable {
    private final Path path;
    private final RawFile file;
    private final int alignmentBytes;
    private boolean closed;

    private ScratchFile(Path path, RawFile file, int alignmentBytes) {
        this.path = path;
        this.file = file;
        this.alignmentBytes = alignmentBytes;
    }

    /**
     * Creates an empty file.
     *
     * @param purpose what it is for, part of its name
     * @param neededBytes what will be written
     * @throws DiskException if the directory is not writable or has too little space, or direct I/O is required but refused
     */
    public static ScratchFile create(Path directory, String purpose, DirectIo mode, long neededBytes) {
        Path path = null;
        try {
            FileStore store = Files.getFileStore(directory);
            long usable = store.getUsableSpace();
            if (usable < neededBytes) {
                throw new DiskException(
                        directory,
                        directory + " has " + usable + " bytes left, but " + neededBytes + " of " + purpose
                                + " will be written there; choose another --disk-dir");
            }
            path = Files.createTempFile(directory, "longinfer-", "." + purpose);
            TemporaryFiles.add(path);
            return new ScratchFile(path, BlockFile.open(path, mode), alignment(directory, mode));
        } catch (IOException e) {
            TemporaryFiles.delete(path);
            throw new DiskException(directory, directory + ": no file can be created there: " + BlockFile.reason(e), e);
        } catch (DiskException e) {
            TemporaryFiles.delete(path);
            throw e;
        }
    }

    /** What a file in that directory will be aligned to. */
    public static int alignment(Path directory, DirectIo mode) {
        return mode == DirectIo.OFF ? DiskHeader.BYTES : DiskAlignment.of(directory);
    }

    /** What everything is aligned to. */
    public int alignmentBytes() {
        return alignmentBytes;
    }

    /** Whether the page cache is gone around. */
    public boolean direct() {
        return file.direct();
    }

    /** Where it lies. */
    public Path path() {
        return path;
    }

    /**
     * Writes memory.
     *
     * @param at where to, from the file's start
     * @param what is written, in words
     * @throws DiskException if that fails, naming the file, {@code what} and the offset
     */
    public void write(MemorySegment source, long offset, int bytes, long at, String what) {
        int done = 0;
        try {
            while (done < bytes) {
                done += file.write(source, offset + done, bytes - done, at + done);
            }
        } catch (IOException e) {
            throw new DiskException(
                    path,
                    path + ", offset " + (at + done) + ": " + what + " cannot be written: " + BlockFile.reason(e),
                    e);
        }
    }

    /**
     * Fills memory.
     *
     * @param at where from, from the file's start
     * @param what is read, in words
     * @throws DiskCorruptionException if the file ends before, naming the file, {@code what} and the offset
     * @throws DiskException if reading fails
     */
    public void read(MemorySegment target, long offset, int bytes, long at, String what) {
        int done = 0;
        try {
            while (done < bytes) {
                // A direct read that is cut short ends at the end of the file.
                boolean cut = done % alignmentBytes != 0;
                int count = cut ? 0 : file.read(target, offset + done, bytes - done, at + done);
                if (count <= 0) {
                    throw new DiskCorruptionException(
                            path,
                            at + done,
                            what,
                            bytes - done + " more bytes",
                            "cut short: the file has " + file.size() + " bytes");
                }
                done += count;
            }
        } catch (IOException e) {
            throw new DiskException(
                    path,
                    path + ", offset " + (at + done) + ": " + what + " cannot be read: " + BlockFile.reason(e),
                    e);
        }
    }

    /** What to throw when bytes read from {@code at} are not those that were written. */
    public DiskCorruptionException corruption(long at, String what, int expectedChecksum, int foundChecksum) {
        return new DiskCorruptionException(
                path, at, what, "CRC32C %08x".formatted(expectedChecksum), "CRC32C %08x".formatted(foundChecksum));
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            file.close();
        } catch (IOException e) {
            throw new DiskException(path, path + " cannot be closed: " + BlockFile.reason(e), e);
        } finally {
            TemporaryFiles.delete(path);
        }
    }
}
