package io.longinfer.eval.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.eval.documents.DocumentGenerator;
import io.longinfer.eval.documents.DocumentOptions;
import io.longinfer.eval.documents.FactForm;
import io.longinfer.eval.documents.NeedleDocument;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs {@code scripts/longinfer} as a process, on the application as it was laid out. */
class LauncherIT {
    private static final Path LAUNCHER =
            Path.of("..", "scripts", "longinfer").toAbsolutePath().normalize();
    private static final int TIME_OUT_SECONDS = 120;

    private record Finished(int code, String out, String err) {}

    @TempDir
    private Path folder;

    @Test
    void findsAFactWithMostOfTheKvOnDisk() throws IOException, InterruptedException {
        NeedleDocument document = new DocumentGenerator(text -> text.length() / 3)
                .generate(DocumentOptions.journal(2000, 4).withForm(FactForm.ROOM));
        Path file = Files.writeString(folder.resolve("document.txt"), document.text());
        Finished run = run(
                "generate",
                "--file",
                file.toString(),
                "--prompt",
                document.facts().getFirst().question(),
                "--device-budget",
                "1MiB",
                "--host-budget",
                "1MiB",
                "--disk-budget",
                "64MiB",
                "--disk-dir",
                folder.toString(),
                "--quiet");
        assertEquals(0, run.code, run.err);
        assertEquals(document.facts().getFirst().answer() + "\n", run.out);
        assertEquals("", run.err);
    }

    @Test
    void argumentsComeThroughExactly() throws IOException, InterruptedException {
        String odd = "  two  spaces, 'single' \"double\" $HOME * \\ wörld \uD83D\uDE80\nline ";
        Finished run = run("inspect", odd);
        assertEquals(1, run.code);
        assertTrue(run.err.contains("'" + odd + "'"), run.err);
    }

    @Test
    void usageErrorsExitWith2() throws IOException, InterruptedException {
        Finished run = run("generate", "--ratio", "3");
        assertEquals(2, run.code);
        assertTrue(run.err.startsWith("longinfer generate: "), run.err);
    }

    @Test
    void tornadoWithoutItsSdkSaysHowToGetIt() throws IOException, InterruptedException {
        Finished run = run("generate", "--model", "needle", "--backend", "tornado", "--prompt", "?");
        assertEquals(1, run.code);
        assertTrue(run.err.contains("TORNADOVM_HOME") && run.err.contains("5.2.0-jdk25"), run.err);
    }

    /** In the C locale, the hardest for arguments; by a script, as this JVM could not pass them itself in that locale. */
    private Finished run(String... arguments) throws IOException, InterruptedException {
        StringBuilder script = new StringBuilder("exec ").append(quoted(LAUNCHER.toString()));
        for (String argument : arguments) {
            script.append(' ').append(quoted(argument));
        }
        Path file = Files.writeString(folder.resolve("run.sh"), script + "\n");
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        ProcessBuilder builder = new ProcessBuilder("bash", file.toString())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("LC_ALL", "C");
        builder.environment().remove("TORNADOVM_HOME");
        Process process = builder.start();
        process.getOutputStream().close();
        assertTrue(
                process.waitFor(TIME_OUT_SECONDS, TimeUnit.SECONDS), "still running after " + TIME_OUT_SECONDS + " s");
        return new Finished(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    private static String quoted(String argument) {
        return "'" + argument.replace("'", "'\\''") + "'";
    }
}
