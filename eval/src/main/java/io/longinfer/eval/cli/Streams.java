package io.longinfer.eval.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * Where a command reads and writes, UTF-8 whatever the locale.
 *
 * @param out results; whoever writes much or long asks {@link #requireOpen} whether anybody still reads
 * @param err what people should know beside the result
 * @param terminal whether {@code err} is a terminal, on which a progress bar may be drawn
 */
public record Streams(InputStream in, PrintStream out, PrintStream err, boolean terminal) {
    private static final int BUFFER_BYTES = 1 << 16;

    /**
     * The process's own. The launcher says in {@code longinfer.terminal} what stderr is, because Java cannot tell it, and
     * passes the real stderr as another file in {@code longinfer.stderr} (see {@code scripts/longinfer}).
     */
    static Streams ofProcess() {
        PrintStream out = new PrintStream(
                new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), BUFFER_BYTES),
                false,
                StandardCharsets.UTF_8);
        PrintStream err = new PrintStream(StandardError.open(), true, StandardCharsets.UTF_8);
        return new Streams(new FileInputStream(FileDescriptor.in), out, err, Boolean.getBoolean("longinfer.terminal"));
    }

    /** Shows on a terminal, in place of the line before, how far long work is; an empty one ends it. Silent elsewhere. */
    void progress(String line) {
        if (terminal) {
            err.print(PrefillProgress.ERASE_LINE + line);
            err.flush();
        }
    }

    /**
     * Flushes the results.
     *
     * @throws OutputClosedException if nobody reads them any more
     */
    void requireOpen() {
        if (out.checkError()) {
            throw new OutputClosedException();
        }
    }
}
