package io.longinfer.eval.cli;

import io.longinfer.model.generation.InferenceSession.PrefillListener;
import java.io.PrintStream;
import java.util.Locale;

/** A bar that shows how far the prompt is read, with speed and time left; silent where stderr is no terminal. */
final class PrefillProgress implements PrefillListener {
    private static final int WIDTH = 30;
    private static final long REDRAW_NANOS = 100_000_000;
    static final String ERASE_LINE = "\r\033[K";

    private final PrintStream err;
    private final boolean shown;
    private final long start = System.nanoTime();
    private long drawn;

    PrefillProgress(Streams streams) {
        this(streams.err(), streams.terminal());
    }

    PrefillProgress(PrintStream err, boolean shown) {
        this.err = err;
        this.shown = shown;
        this.drawn = start;
    }

    @Override
    public void read(int done, int total) {
        if (!shown) {
            return;
        }
        long now = System.nanoTime();
        if (done >= total) {
            err.print(ERASE_LINE);
            err.flush();
        } else if (now - drawn >= REDRAW_NANOS) {
            drawn = now;
            err.print(ERASE_LINE + line(done, total, now - start));
            err.flush();
        }
    }

    /** The bar after {@code nanos}. */
    static String line(int done, int total, long nanos) {
        int filled = (int) ((long) WIDTH * done / total);
        double tokensPerSecond = nanos == 0 ? 0 : done * 1e9 / nanos;
        String left = tokensPerSecond == 0
                ? ""
                : String.format(Locale.ROOT, ", %.0f s left", Math.ceil((total - done) / tokensPerSecond));
        return String.format(
                Locale.ROOT,
                "reading [%s%s] %,d of %,d tokens, %.0f tokens/s%s",
                "#".repeat(filled),
                "-".repeat(WIDTH - filled),
                done,
                total,
                tokensPerSecond,
                left);
    }
}
