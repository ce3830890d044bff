package io.longinfer.kvcache.disk;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** An open file, read and written at offsets by any number of threads. Closed by its owner, once. */
sealed interface RawFile extends AutoCloseable permits LinuxFile, ChannelFile {
    /** Stands for no descriptor. */
    int NO_DESCRIPTOR = -1;

    /** Reads up to {@code bytes} to {@code offset} of the segment; returns how many, at most 0 at the end of the file. */
    int read(MemorySegment target, long offset, int bytes, long at) throws IOException;

    /** Writes up to {@code bytes} from {@code offset} of the segment; returns how many. */
    int write(MemorySegment source, long offset, int bytes, long at) throws IOException;

    /** Bytes of the file. */
    long size() throws IOException;

    /** What the kernel knows the file by, or {@link #NO_DESCRIPTOR}. */
    int descriptor();

    /** Whether the page cache is gone around. */
    boolean direct();

    @Override
    void close() throws IOException;
}
