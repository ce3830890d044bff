package io.longinfer.kvcache.disk;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileStore;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/**
 * The file of a sequence: created with its header, written and read at multiples of the alignment by any number of threads,
 * deleted on close and at the exit of the virtual machine. Double close is harmless.
 */
final class BlockFile implements AutoCloseable {
    /** Their files are memory already: direct I/O would be in name only, even where the kernel accepts the flag. */
    private static final Set<String> MEMORY_FILE_SYSTEMS = Set.of("tmpfs", "ramfs", "devtmpfs");

    private final Path path;
    private final DiskGeometry geometry;
    private final RawFile file;
    private boolean closed;

    BlockFile(Path path, DiskGeometry geometry, RawFile file) {
        this.path = path;
        this.geometry = geometry;
        this.file = file;
    }

    /**
     * Creates a file, writes its header and reads it again, which shows whether the geometry's alignment is enough.
     *
     * @param neededBytes what will be written over its life
     * @throws DiskException if the directory is not writable or has too little space, or direct I/O is required but refused
     */
    static BlockFile create(Path directory, DiskGeometry geometry, DirectIo mode, long neededBytes) {
        Path path = null;
        try {
            FileStore store = Files.getFileStore(directory);
            long usable = store.getUsableSpace();
            if (usable < neededBytes) {
                throw new DiskException(
                        directory,
                        directory + " has " + usable + " bytes left, but the disk tier will write " + neededBytes
                                + "; choose another --disk-dir or a smaller --context");
            }
            path = Files.createTempFile(directory, "longinfer-", ".kv");
            TemporaryFiles.add(path);
            RawFile raw = open(path, mode);
            BlockFile file = new BlockFile(path, geometry, raw);
            file.writeHeader();
            return file;
        } catch (IOException e) {
            TemporaryFiles.delete(path);
            throw new DiskException(
                    directory, directory + ": the disk tier cannot create its file there: " + reason(e), e);
        } catch (DiskException e) {
            TemporaryFiles.delete(path);
            throw e;
        }
    }

    /** Opens a file that exists as {@code mode} says. */
    static RawFile open(Path path, DirectIo mode) throws IOException {
        return open(
                path,
                mode,
                MEMORY_FILE_SYSTEMS.contains(Files.getFileStore(path).type()));
    }

    private static RawFile open(Path path, DirectIo mode, boolean memory) throws IOException {
        if (mode != DirectIo.OFF && !memory) {
            try {
                return open(path, true);
            } catch (UnsupportedOperationException | FileSystemException | LinuxCalls.FailedCall e) {
                refuse(path, mode, String.valueOf(e.getMessage()));
            }
        }
        refuse(path, mode, "the file system lies in memory");
        return open(path, false);
    }

    private static RawFile open(Path path, boolean direct) throws IOException {
        return LinuxCalls.available() ? LinuxFile.open(path, direct) : ChannelFile.open(path, direct);
    }

    private static void refuse(Path path, DirectIo mode, String reason) {
        if (mode == DirectIo.REQUIRED) {
            throw new DiskException(
                    path.getParent(),
                    path.getParent() + ": direct I/O is required but not to be had there (" + reason
                            + "); choose another --disk-dir or allow the page cache");
        }
    }

    private void writeHeader() {
        int bytes = geometry.headerBytes();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment header = arena.allocate(bytes, geometry.alignmentBytes());
            DiskHeader.encode(geometry, header.asByteBuffer());
            write(header, 0, bytes, 0, "header");
            header.fill((byte) 0);
            read(header, 0, bytes, 0, 0, "header");
            DiskHeader.decode(header.asByteBuffer(), path);
        } catch (DiskException e) {
            close();
            throw e;
        }
    }

    /** Writes aligned memory whose bytes are those of the file from {@code block}. */
    void writeBlocks(int block, MemorySegment source, long offset, int bytes) {
        write(source, offset, bytes, geometry.offset(block), geometry.describe(block));
    }

    private void write(MemorySegment source, long offset, int bytes, long at, String what) {
        int done = 0;
        try {
            while (done < bytes) {
                done += file.write(source, offset + done, bytes - done, at + done);
            }
        } catch (IOException e) {
            throw new DiskException(
                    path, path + ", offset " + (at + done) + ": " + what + " cannot be written: " + reason(e), e);
        }
    }

    /**
     * Fills aligned memory from {@code at} of the file.
     *
     * @param done bytes that are there already
     * @param what what is read, in words
     * @throws DiskCorruptionException if the file ends before
     */
    void read(MemorySegment target, long offset, int bytes, long at, int done, String what) {
        int have = done;
        try {
            // Direct reads come in whole sectors, but for the last one of a file.
            boolean cut = false;
            while (have < bytes) {
                cut = cut || (direct() && have % geometry.alignmentBytes() != 0);
                int count = cut ? 0 : file.read(target, offset + have, bytes - have, at + have);
                if (count <= 0) {
                    throw new DiskCorruptionException(
                            path,
                            at + have,
                            what,
                            bytes - have + " more bytes",
                            "cut short: the file has " + file.size() + " bytes");
                }
                have += count;
            }
        } catch (IOException e) {
            throw new DiskException(
                    path, path + ", offset " + (at + have) + ": " + what + " cannot be read: " + reason(e), e);
        }
    }

    static String reason(IOException e) {
        String detail = e instanceof FileSystemException named && named.getReason() != null
                ? named.getReason()
                : e.getMessage();
        return e.getClass().getSimpleName() + (detail == null ? "" : ": " + detail);
    }

    Path path() {
        return path;
    }

    DiskGeometry geometry() {
        return geometry;
    }

    int descriptor() {
        return file.descriptor();
    }

    boolean direct() {
        return file.direct();
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
            throw new DiskException(path, path + " cannot be closed: " + reason(e), e);
        } finally {
            TemporaryFiles.delete(path);
        }
    }
}
