package io.longinfer.eval.cli;

import io.longinfer.eval.report.Environment;
import io.longinfer.eval.sweep.Cell;
import io.longinfer.eval.sweep.ResultLog;
import io.longinfer.eval.sweep.RunOrder;
import io.longinfer.eval.sweep.RunOrder.BlockOfRuns;
import io.longinfer.eval.sweep.Sweep;
import io.longinfer.eval.sweep.SweepFile;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code longinfer sweep}: a declared grid of runs. */
@Command(
        name = "sweep",
        description = {
            "Runs every combination that a YAML file declares, in random order, and appends one JSON line a run.",
            "A run that is done is not done again: after an interruption the same command goes on. Runs behind the same"
                    + " prompts follow each other, those prompts being read once, unless the file says prefill: own.",
            "The file's keys, of which all but the last line's take a list; in brackets what a missing key stands for:",
            "  measure (no list): latency, accuracy or perplexity",
            "  models [needle]   tokens [8000]   batches [1]   variants [full, quest, ours]   tasks (of accuracy)",
            "  kv: options of KV without dashes, each with a value or a list, such as {ratio: [0.05, 0.1]}",
            "  device-shares [0.0625, or 1, no limit, but for latency]   host-shares [0.125]",
            "  name, text, prefill [shared], repetitions [3 of latency, else 1], warm-up [8], steps [40], samples [10], seed [42]",
            "Of perplexity, tokens are the length of a window, half of which is read as a prompt, and samples the windows."
        })
final class SweepCommand implements Callable<Integer> {
    @ParentCommand
    private LongInfer parent;

    @Parameters(paramLabel = "FILE", description = "The sweep.")
    private Path file;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "RESULTS",
            description = "The JSON lines. Default: the sweep's name with .jsonl, in the folder one is in.")
    private Path out;

    @Option(
            names = "--mixed",
            description = "Goes on although the results that are there were made by another commit or processor.")
    private boolean mixed;

    @Option(names = "--dry-run", description = "Prints the runs that are to be done, in order, and runs nothing.")
    private boolean dryRun;

    @Mixin
    private TaskOptions tasks;

    @Mixin
    private DeviceOptions device;

    @Override
    public Integer call() throws IOException {
        Sweep sweep = SweepFile.read(file);
        List<Cell> cells = sweep.cells();
        for (Cell cell : cells) {
            SweepExecution.options(file, cell); // before the first run, not before the last
        }
        Path results = out != null ? out : Path.of(sweep.name() + ".jsonl");
        PrintStream output = parent.streams().out();
        try (ResultLog log = ResultLog.open(results, sweep.name(), Environment.current(), mixed)) {
            List<BlockOfRuns> blocks = RunOrder.of(cells, sweep.seed(), log.done());
            if (dryRun) {
                blocks.forEach(block -> block.cells().forEach(cell -> output.println(cell.id())));
                return 0;
            }
            int before = log.done().size();
            execute(
                    new SweepExecution(sweep, file, device, tasks, log, parent.streams(), cells.size()),
                    blocks,
                    results);
            output.println(
                    cells.size() + " runs in " + results + ", " + (log.done().size() - before) + " of them new");
        }
        return 0;
    }

    private void execute(SweepExecution execution, List<BlockOfRuns> blocks, Path results) throws IOException {
        PrintStream err = parent.streams().err();
        Thread interrupted = new Thread(
                () -> err.println("\ninterrupted: " + execution.doneOfAll() + " runs are in " + results
                        + "; the same command goes on"),
                "longinfer-sweep-interrupted");
        Runtime.getRuntime().addShutdownHook(interrupted);
        try (execution) {
            execution.run(blocks);
        } finally {
            try {
                Runtime.getRuntime().removeShutdownHook(interrupted);
            } catch (IllegalStateException shuttingDown) {
                // then the message is being printed
            }
        }
    }
}
