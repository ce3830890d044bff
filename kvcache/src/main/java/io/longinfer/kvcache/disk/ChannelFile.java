package io.longinfer.kvcache.disk;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A file through Java's channel, for systems whose calls are not known here. Threads that use it must not be interrupted,
 * which would close it.
 */
record ChannelFile(FileChannel channel, boolean direct) implements RawFile {
    /**
     * Opens a file that exists for reading and writing.
     *
     * @throws UnsupportedOperationException if direct I/O is asked for and there is none
     */
    static ChannelFile open(Path path, boolean direct) throws IOException {
        FileChannel channel = direct
                ? FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE, directOption())
                : FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
        return new ChannelFile(channel, direct);
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

    @Override
    public int read(MemorySegment target, long offset, int bytes, long at) throws IOException {
        return channel.read(target.asSlice(offset, bytes).asByteBuffer(), at);
    }

    @Override
    public int write(MemorySegment source, long offset, int bytes, long at) throws IOException {
        return channel.write(source.asSlice(offset, bytes).asByteBuffer(), at);
    }

    @Override
    public long size() throws IOException {
        return channel.size();
    }

    @Override
    public int descriptor() {
        return NO_DESCRIPTOR;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
