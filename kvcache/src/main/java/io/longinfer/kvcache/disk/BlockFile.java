package io.longinfer.kvcache.disk;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/**
 * The file of a sequence: created with its header, written and read in runs of whole strides at any number of threads,
 * deleted on close and at the exit of the virtual machine. Threads that use it must not be interrupted, which would close
 * the channel. Double close is harmless.
 */
final class BlockFile implements AutoCloseable {
    /** Their files are memory already: direct I/O would be in name only, even where the kernel accepts the flag. */
    private static final Set<String> MEMORY_FILE_SYSTEMS = Set.of("tmpfs", "ramfs", "devtmpfs");

    private final Path path;
    private final DiskGeometry geometry;
    private final FileChannel channel;
    private final boolean direct;

    private BlockFile(Path path, DiskGeometry geometry, FileChannel channel, boolean direct) {
        this.path = path;
        this.geometry = geometry;
        this.channel = channel;
        this.direct = direct;
    }

    /**
     * What direct I/O in {@code directory} must be aligned to, at least {@code smallest} bytes.
     *
     * @throws DiskException if the directory cannot be asked
     */
    static int alignment(Path directory, int smallest) {
        try {
            return (int) Math.max(smallest, Files.getFileStore(directory).getBlockSize());
        } catch (UnsupportedOperationException e) {
            return smallest; // a file system without blocks has no direct I/O either
        } catch (IOException e) {
            throw new DiskException(directory, directory + ": no usable directory for the disk tier: " + reason(e), e);
        }
    }

    /**
     * Creates a file and writes its header.
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
            BlockFile file = open(path, geometry, mode, MEMORY_FILE_SYSTEMS.contains(store.type()));
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

    /** For tests: a file that exists, as it is, such as {@code /dev/full}. */
    static BlockFile unchecked(Path path, DiskGeometry geometry) throws IOException {
        return new BlockFile(path, geometry, FileChannel.open(path, StandardOpenOption.WRITE), false);
    }

    private static BlockFile open(Path path, DiskGeometry geometry, DirectIo mode, boolean memory) throws IOException {
        if (mode != DirectIo.OFF && !memory) {
            try {
                OpenOption directOption = directOption();
                FileChannel channel =
                        FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE, directOption);
                return new BlockFile(path, geometry, channel, true);
            } catch (UnsupportedOperationException | FileSystemException e) {
                refuse(path, mode, String.valueOf(e.getMessage()));
            }
        }
        refuse(path, mode, "the file system lies in memory");
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
        return new BlockFile(path, geometry, channel, false);
    }

    /** By name, as the compiler warns of the class itself, whatever is suppressed; it is exported by jdk.unsupported. */
    private static OpenOption directOption() {
        try {
            Class<?> options = Class.forName("com.sun.nio.file.ExtendedOpenOption");
            return (OpenOption) options.getField("DIRECT").get(null);
        } catch (ReflectiveOperationException e) {
            throw new UnsupportedOperationException("this Java has no option for it", e);
        }
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
        try (Arena arena = Arena.ofConfined()) {
            ByteBuffer header = arena.allocate(geometry.headerBytes(), geometry.alignmentBytes())
                    .asByteBuffer();
            DiskHeader.encode(geometry, header);
            header.clear();
            write(header, 0, "header");
        } catch (DiskException e) {
            close();
            throw e;
        }
    }

    /** Writes the buffer's remaining bytes, whole strides in aligned memory, as blocks from {@code block}. */
    void writeBlocks(int block, ByteBuffer source) {
        write(source, geometry.offset(block), geometry.describe(block));
    }

    private void write(ByteBuffer source, long offset, String what) {
        long at = offset;
        try {
            while (source.hasRemaining()) {
                at += channel.write(source, at);
            }
        } catch (IOException e) {
            throw new DiskException(
                    path, path + ", offset " + at + ": " + what + " cannot be written: " + reason(e), e);
        }
    }

    /**
     * Fills the buffer's remaining bytes, whole strides in aligned memory, with blocks from {@code block}.
     *
     * @throws DiskCorruptionException if the file ends before
     */
    void readBlocks(int block, ByteBuffer target) {
        long at = geometry.offset(block);
        try {
            while (target.hasRemaining()) {
                int count = channel.read(target, at);
                at += Math.max(0, count);
                // Direct reads come in whole blocks, but for the last one of a file.
                boolean cut = direct && count % geometry.alignmentBytes() != 0;
                if (count <= 0 || (cut && target.hasRemaining())) {
                    throw new DiskCorruptionException(
                            path,
                            at,
                            geometry.describe(block),
                            target.remaining() + " more bytes",
                            "cut short: the file has " + channel.size() + " bytes");
                }
            }
        } catch (IOException e) {
            throw new DiskException(
                    path,
                    path + ", offset " + at + ": " + geometry.describe(block) + " cannot be read: " + reason(e),
                    e);
        }
    }

    private static String reason(IOException e) {
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

    boolean direct() {
        return direct;
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new DiskException(path, path + " cannot be closed: " + reason(e), e);
        } finally {
            TemporaryFiles.delete(path);
        }
    }
}
