package io.longinfer.eval.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * A command line run inside this JVM.
 *
 * @param bytes what it wrote to stdout
 */
@SuppressWarnings("ArrayRecordComponent") // a result, read and never compared
record Session(int code, byte[] bytes, String err) {
    /** Runs with an empty stdin. */
    static Session of(String... arguments) {
        return withInput(new byte[0], arguments);
    }

    /** Runs with that stdin. */
    static Session withInput(byte[] input, String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = LongInfer.run(
                new Streams(
                        new ByteArrayInputStream(input),
                        new PrintStream(out, false, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        false),
                arguments);
        return new Session(code, out.toByteArray(), err.toString(StandardCharsets.UTF_8));
    }

    /** Runs with that text on stdin. */
    static Session withInput(String input, String... arguments) {
        return withInput(input.getBytes(StandardCharsets.UTF_8), arguments);
    }

    String out() {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** The same, after checking that it succeeded. */
    Session succeeded() {
        if (code != 0) {
            throw new AssertionError("exit code " + code + ": " + err);
        }
        return this;
    }
}
