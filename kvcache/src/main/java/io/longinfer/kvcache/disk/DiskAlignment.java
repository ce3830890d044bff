package io.longinfer.kvcache.disk;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What direct I/O in a directory must be aligned to: what the kernel says of a file there, else the smallest with which one
 * can be written and read. Most disks ask for 512 bytes, less than the blocks of their file systems.
 */
final class DiskAlignment {
    private static final int SMALLEST = DiskHeader.BYTES;
    private static final int LARGEST = 1 << 16;

    /** Plans ask often, and a directory stays on its disk; should one not, the store's probing read shows it. */
    private static final Map<Path, Integer> KNOWN = new ConcurrentHashMap<>();

    private DiskAlignment() {}

    /**
     * Asks.
     *
     * @throws DiskException if no file can be made there
     */
    static int of(Path directory) {
        try {
            Path real = directory.toRealPath();
            Integer known = KNOWN.get(real);
            if (known != null) {
                return known;
            }
            int found = ask(directory);
            KNOWN.put(real, found);
            return found;
        } catch (IOException e) {
            throw new DiskException(
                    directory, directory + ": no usable directory for the disk tier: " + BlockFile.reason(e), e);
        }
    }

    private static int ask(Path directory) throws IOException {
        try {
            if (!LinuxCalls.available()) {
                return (int) Math.max(SMALLEST, Files.getFileStore(directory).getBlockSize());
            }
            Path path = Files.createTempFile(directory, "longinfer-", ".probe");
            try {
                return of(path, directory);
            } finally {
                Files.delete(path);
            }
        } catch (UnsupportedOperationException e) {
            return SMALLEST; // a file system without blocks has no direct I/O either
        }
    }

    private static int of(Path file, Path directory) throws IOException {
        LinuxFile opened;
        try {
            opened = LinuxFile.open(file, true);
        } catch (IOException e) {
            return SMALLEST; // no direct I/O there, so nothing asks for more
        }
        try (opened;
                Arena arena = Arena.ofConfined()) {
            int reported = LinuxCalls.directAlignment(opened.descriptor());
            MemorySegment buffer = arena.allocate(2L * LARGEST, LARGEST);
            for (int bytes = Math.max(SMALLEST, reported); bytes <= LARGEST; bytes *= 2) {
                if (works(opened, buffer, bytes)) {
                    return bytes;
                }
            }
        }
        throw new DiskException(directory, directory + ": direct I/O works there at no alignment up to " + LARGEST);
    }

    /** Whether a file can be written and read at an odd multiple of so many bytes, from memory at such an address. */
    private static boolean works(LinuxFile file, MemorySegment buffer, int bytes) throws IOException {
        try {
            return file.write(buffer, bytes, bytes, bytes) == bytes && file.read(buffer, bytes, bytes, bytes) == bytes;
        } catch (LinuxCalls.FailedCall e) {
            if (e.errno() == LinuxCalls.EINVAL) {
                return false;
            }
            throw e;
        }
    }
}
