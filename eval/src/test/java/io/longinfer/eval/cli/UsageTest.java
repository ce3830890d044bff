package io.longinfer.eval.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.abstracts.AbstractPrecision;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.codec.Codec;
import io.longinfer.kvcache.codec.Precision;
import io.longinfer.kvcache.disk.DiskIo;
import io.longinfer.kvcache.pipeline.ReadAheadMode;
import io.longinfer.kvcache.selection.SelectionBudget;
import io.longinfer.kvcache.selection.SelectorKind;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class UsageTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "generate --ratio 1.5          | --ratio      | '1.5'   | from 0 to 1",
                "generate --ratio x            | --ratio      | 'x'     | from 0 to 1",
                "generate --threads 0          | --threads    | '0'     | at least 1",
                "generate --device-budget 3Mi  | --device-budget | '3Mi' | 64MiB",
                "generate --infinigen-partial 0 | --infinigen-partial | '0' | a number above 0",
                "generate --selector best      | --selector   | 'best'  | one of full, streaming, h2o, h2o-chunked, quest",
                "generate --direct-io yes      | --direct-io  | 'yes'   | auto, on, off",
                "generate --group-rule sum     | --group-rule | 'sum'   | one of mean, max",
                "generate --codec int2         | --codec      | 'int2'  | auto, or fp16, int8 or int4",
                "generate --io aio             | --io         | 'aio'   | one of auto, uring, threads",
                "generate --io-depth 0         | --io-depth   | '0'     | at least 1",
                "generate --emulate-disk 1GB   | --emulate-disk | '1GB' | a rate such as 1GB/s",
                "generate --emulate-link 0B/s  | --emulate-link | '0B/s' | a rate such as 1GB/s",
                "generate --partition tree     | --partition  | 'tree'  | one of adaptive, fixed",
                "generate --abstract-precision fp8 | --abstract-precision | 'fp8' | one of fp16, int8, tokens",
                "generate --desert-threshold -1 | --desert-threshold | '-1' | from 0 to 1000",
                "generate --temperature -1     | --temperature | '-1'   | from 0",
                "generate --top-p 0            | --top-p      | '0'     | above 0",
                "generate --top-k -1           | --top-k      | '-1'    | at least 0",
                "generate --seed many          | --seed       | 'many'  | long",
                "bench --depths 1,x            | --depths     | '1,x'   | separated by commas",
                "needle --depth 2              | --depth      | '2'     | from 0 to 1",
                "needle --filling prose        | --filling    | 'prose' | one of journal, noise, facts",
            })
    void aBadValueIsNamedWithWhatWasExpected(String line, String option, String value, String expected) {
        Session session = Session.of(line.split(" +", -1));
        assertEquals(2, session.code(), session.err());
        assertTrue(session.err().contains("'" + option + "'"), session.err());
        assertTrue(session.err().contains(value), session.err());
        assertTrue(session.err().contains(expected), session.err());
        assertEquals("", session.out());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "generat",
                "generate --no-such-option",
                "inspect",
                "tokenize",
                "logits needle",
                "examples",
                "generate --raw --system x --prompt y",
                "needle --depth 0.5 --facts 2",
                "generate --prompt hello --context 3 --max-tokens 2"
            })
    void wrongUsageExitsWith2AndPointsToHelp(String line) {
        Session session = Session.of(line.split(" ", -1));
        assertEquals(2, session.code(), session.err());
        assertTrue(session.err().startsWith("longinfer"), session.err());
        assertTrue(session.err().lines().count() <= 3, session.err());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "inspect /no/such.gguf",
                "tokenize /no/such.gguf",
                "generate --model /no/such.gguf --prompt x",
                "generate --file /no/such.txt",
                "examples --file /no/such.json",
                "logits needle --ids-file /no/such.json --json /tmp/never-written.json"
            })
    void aFailureIsOneSentenceThatNamesTheFileAndExitsWith1(String line) {
        Session session = Session.of(line.split(" ", -1));
        assertEquals(1, session.code(), session.err());
        assertTrue(session.err().contains("/no/such."), session.err());
        assertEquals(1, session.err().lines().count(), session.err());
        assertFalse(session.err().contains("Exception"), session.err());
    }

    @Test
    void verboseShowsTheStackTrace() {
        Session session = Session.of("inspect", "/no/such.gguf", "--verbose");
        assertEquals(1, session.code());
        assertTrue(session.err().contains("\tat io.longinfer."), session.err());
    }

    @Test
    void helpShowsEveryCommandAndTheExitCodes() {
        String help = Session.of("--help").succeeded().out();
        for (String name : List.of(
                "needle", "generate", "examples", "inspect", "tokenize", "logits", "plan", "bench", "Exit codes")) {
            assertTrue(help.contains(name), help);
        }
    }

    @Test
    void everyOptionHasADescription() {
        CommandLine line = new CommandLine(new LongInfer(Streams.ofProcess()));
        line.getSubcommands()
                .values()
                .forEach(command -> command.getCommandSpec()
                        .options()
                        .forEach(option -> assertTrue(
                                option.description().length > 0,
                                command.getCommandName() + " " + Arrays.toString(option.names()))));
    }

    @Test
    void theVersionNamesTheCommitAndTheJvm() {
        String version = Session.of("--version").succeeded().out();
        assertTrue(
                version.matches("longinfer [0-9].* \\(commit ([0-9a-f]{40}(-dirty)?|unknown)\\)\\R.*25.*\\R"), version);
    }

    @Test
    void aClosedOutputEndsQuietly() {
        PrintStream closed = new PrintStream(
                new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw new IOException("Broken pipe");
                    }
                },
                false,
                StandardCharsets.UTF_8);
        java.io.ByteArrayOutputStream err = new java.io.ByteArrayOutputStream();
        Streams streams = new Streams(
                new ByteArrayInputStream(new byte[0]),
                closed,
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false);
        assertEquals(0, LongInfer.run(streams, "inspect", "needle"));
        assertEquals("", err.toString(StandardCharsets.UTF_8));
    }

    @Test
    void withoutOptionsTheLibrarysDefaultsHold() {
        assertEquals(KvConfig.defaults(), parsed().config());
        assertFalse(parsed().selects());
    }

    @Test
    void optionsChangeWhatTheyName() {
        KvConfig config = parsed("--ratio=1", "--sink=32", "--host-budget=3MiB", "--io-depth=2")
                .config();
        // A ratio of 1 means everything, in the first layers too.
        assertEquals(new SelectionBudget(1, 2, 1, 32, 64), config.selection());
        assertEquals(3 << 20, config.hostBudgetBytes());
        assertEquals(2, config.ioDepth());
        assertTrue(parsed("--sink=32").selects());
        assertFalse(parsed("--host-budget=0").selects());
    }

    @Test
    void optionsOfThePipeline() {
        KvConfig config = parsed(
                        "--codec=int8+lz4",
                        "--no-read-ahead",
                        "--io=threads",
                        "--emulate-disk=1GB/s",
                        "--emulate-link=800MiB/s",
                        "--partition=fixed",
                        "--desert-threshold=0.25",
                        "--desert-run=3",
                        "--merge-after=8",
                        "--abstract-precision=fp16",
                        "--selector=adaptive")
                .config();
        assertEquals(KvConfig.CodecChoice.fixed(new Codec(Precision.INT8, true)), config.codecChoice());
        assertEquals(ReadAheadMode.NEVER, config.readAhead());
        assertEquals(DiskIo.Backend.THREADS, config.ioBackend());
        assertEquals(1_000_000_000, config.emulatedDiskBytesPerSecond());
        assertEquals(800 << 20, config.emulatedLinkBytesPerSecond());
        assertFalse(config.adaptivePartition());
        assertEquals(0.25, config.partition().desertThreshold());
        assertEquals(3, config.partition().desertRun());
        assertEquals(8, config.partition().mergeAfterSteps());
        assertEquals(AbstractPrecision.FP16, config.abstractPrecision());
        assertEquals(KvConfig.CodecChoice.AUTO, parsed("--codec=auto").config().codecChoice());
        assertEquals(ReadAheadMode.ALWAYS, parsed("--read-ahead").config().readAhead());
        for (String choosing : List.of("--partition=fixed", "--selector=adaptive", "--group-rule=max")) {
            assertTrue(parsed(choosing).selects(), choosing);
        }
        for (String moving : List.of("--codec=auto", "--no-read-ahead", "--io=auto", "--emulate-disk=1GB/s")) {
            assertFalse(parsed(moving).selects(), moving);
        }
    }

    @Test
    void selectorsByName() {
        for (SelectorKind kind : SelectorKind.values()) {
            KvOptions options = parsed("--selector=" + Converters.name(kind));
            assertEquals(kind, options.config().selector());
        }
        assertEquals(SelectorKind.QUEST, parsed("--selector=topk").config().selector());
        assertFalse(parsed("--no-abstracts-on-disk").config().abstractsOnDisk());
        assertTrue(parsed("--abstracts-on-disk").config().abstractsOnDisk());
    }

    private static KvOptions parsed(String... arguments) {
        KvOptions options = new KvOptions();
        CommandLine.populateCommand(options, arguments);
        return options;
    }
}
