package io.longinfer.eval.cli;

import io.longinfer.eval.report.Environment;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The command {@code longinfer}: finds the subcommand, and turns what goes wrong into one sentence and an exit code. */
@Command(
        name = "longinfer",
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        versionProvider = LongInfer.Version.class,
        usageHelpAutoWidth = true,
        sortOptions = false,
        subcommands = {
            NeedleCommand.class,
            GenerateCommand.class,
            ExamplesCommand.class,
            InspectCommand.class,
            TokenizeCommand.class,
            LogitsCommand.class,
            PerplexityCommand.class,
            PlanCommand.class,
            BenchCommand.class,
            LatencyCommand.class,
            TraceCommand.class,
            ReplayCommand.class,
            CalibrateCommand.class,
            AccuracyCommand.class,
            ChoiceCommand.class,
            SweepCommand.class,
            ReportCommand.class,
            ThresholdsCommand.class,
            DevicesCommand.class
        },
        description = "Long-context LLM inference on one machine, its KV cache over device, host and disk.",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:success", "1:failure", "2:wrong usage"})
public final class LongInfer {
    private final Streams streams;

    @Option(
            names = "--verbose",
            scope = ScopeType.INHERIT,
            description = "Shows the stack trace when something fails (as does LONGINFER_DEBUG=1).")
    private boolean verbose;

    public LongInfer(Streams streams) {
        this.streams = streams;
    }

    /** Where commands read and write. */
    Streams streams() {
        return streams;
    }

    /** Runs the command line and exits: 0 success, 1 failure, 2 wrong usage. */
    public static void main(String[] arguments) {
        System.exit(run(Streams.ofProcess(), arguments));
    }

    /** Runs the command line and returns its exit code. */
    public static int run(Streams streams, String... arguments) {
        LongInfer longInfer = new LongInfer(streams);
        CommandLine line = new CommandLine(longInfer)
                .setExpandAtFiles(false) // a prompt may begin with @
                .setOut(new PrintWriter(streams.out(), true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(streams.err(), true, StandardCharsets.UTF_8))
                .setParameterExceptionHandler(LongInfer::refuse)
                .setExecutionExceptionHandler((failure, command, parsed) -> longInfer.fail(failure, command));
        try {
            return line.execute(arguments);
        } catch (OutOfMemoryError full) {
            streams.err()
                    .println("longinfer: out of memory (" + full.getMessage()
                            + "); give the JVM more, such as LONGINFER_JAVA_OPTS=-Xmx8g, or shorten the context");
            return CommandLine.ExitCode.SOFTWARE;
        } finally {
            streams.out().flush();
        }
    }

    private static int refuse(CommandLine.ParameterException mistake, String[] arguments) {
        CommandLine command = mistake.getCommandLine();
        String name = command.getCommandSpec().qualifiedName();
        command.getErr().println(name + ": " + mistake.getMessage());
        if (!CommandLine.UnmatchedArgumentException.printSuggestions(mistake, command.getErr())) {
            command.getErr().println("Try '" + name + " --help'.");
        }
        return CommandLine.ExitCode.USAGE;
    }

    private int fail(Exception failure, CommandLine command) {
        if (failure instanceof OutputClosedException) {
            return CommandLine.ExitCode.OK;
        }
        boolean showTrace = verbose || System.getenv("LONGINFER_DEBUG") != null;
        command.getErr().println(command.getCommandSpec().qualifiedName() + ": " + Failures.sentence(failure));
        if (showTrace) {
            failure.printStackTrace(command.getErr());
        }
        return CommandLine.ExitCode.SOFTWARE;
    }

    /** {@code --version}. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            Environment environment = Environment.current();
            return new String[] {
                "longinfer " + environment.version() + " (commit " + environment.commit() + ")", environment.jvm()
            };
        }
    }
}
