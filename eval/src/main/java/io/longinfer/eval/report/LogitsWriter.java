package io.longinfer.eval.report;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;

/**
 * Writes logits as JSON while they are computed, for they may be larger than the heap. The file appears only once {@link
 * #finish} has been called. Not thread-safe.
 */
public final class LogitsWriter implements AutoCloseable {
    private final Path file;
    private final Path unfinished;
    private final int[] ids;
    private final boolean all;
    private final double[] nll;
    private final BufferedWriter out;
    private float[] last = new float[0];

    /**
     * Begins.
     *
     * @param all whether every position's logits are written
     */
    public LogitsWriter(Path file, int[] ids, boolean all) throws IOException {
        this.file = file;
        this.unfinished = file.resolveSibling(file.getFileName() + ".part");
        this.ids = ids.clone();
        this.all = all;
        nll = new double[ids.length - 1];
        out = Files.newBufferedWriter(unfinished, StandardCharsets.UTF_8);
        out.write("{\"ids\":" + Arrays.toString(ids));
        if (all) {
            out.write(",\"all_logits\":[");
        }
    }

    /** Takes the logits of the next position; {@code index} counts from 0. */
    public void position(int index, float[] logits) throws IOException {
        if (index + 1 < ids.length) {
            nll[index] = negativeLogLikelihood(logits, ids[index + 1]);
        } else {
            last = logits.clone();
        }
        if (all) {
            out.write(index == 0 ? "\n" : ",\n");
            write(logits);
        }
    }

    /** Writes the rest, and puts the file in its place. */
    public void finish() throws IOException {
        if (all) {
            out.write("]");
        }
        out.write(",\n\"logits\":");
        write(last);
        out.write(",\n\"nll\":" + Arrays.toString(nll) + "}\n");
        out.close();
        Files.move(unfinished, file, StandardCopyOption.REPLACE_EXISTING);
    }

    private void write(float[] values) throws IOException {
        out.write('[');
        for (int index = 0; index < values.length; index++) {
            if (!Float.isFinite(values[index])) {
                throw new IOException(file + ": logit " + values[index] + " of token " + index + " is no JSON number");
            }
            if (index > 0) {
                out.write(',');
            }
            out.write(Float.toString(values[index]));
        }
        out.write(']');
    }

    /** {@code -log softmax(logits)[token]}, in double. */
    public static double negativeLogLikelihood(float[] logits, int token) {
        double largest = Double.NEGATIVE_INFINITY;
        for (float logit : logits) {
            largest = Math.max(largest, logit);
        }
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - largest);
        }
        return largest + Math.log(sum) - logits[token];
    }

    /** Closes and removes what is unfinished; harmless after {@link #finish}. */
    @Override
    public void close() throws IOException {
        out.close();
        Files.deleteIfExists(unfinished);
    }
}
