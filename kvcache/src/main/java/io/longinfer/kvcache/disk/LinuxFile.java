package io.longinfer.kvcache.disk;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** A file by its descriptor: direct I/O at the alignment of the disk, where Java's channels ask for that of the file system. */
record LinuxFile(int descriptor, boolean direct) implements RawFile {
    /** Opens a file that exists for reading and writing. */
    static LinuxFile open(Path path, boolean direct) throws IOException {
        return new LinuxFile(LinuxCalls.open(path.toString(), LinuxCalls.O_RDWR, direct), direct);
    }

    @Override
    public int read(MemorySegment target, long offset, int bytes, long at) throws IOException {
        return LinuxCalls.pread(descriptor, address(target, offset, bytes), bytes, at);
    }

    @Override
    public int write(MemorySegment source, long offset, int bytes, long at) throws IOException {
        return LinuxCalls.pwrite(descriptor, address(source, offset, bytes), bytes, at);
    }

    /** The kernel checks nothing: this does. */
    private static long address(MemorySegment segment, long offset, int bytes) {
        return segment.asSlice(offset, bytes).address();
    }

    @Override
    public long size() throws IOException {
        return LinuxCalls.size(descriptor);
    }

    @Override
    public void close() throws IOException {
        LinuxCalls.close(descriptor);
    }
}
