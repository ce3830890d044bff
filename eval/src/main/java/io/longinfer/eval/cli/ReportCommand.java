package io.longinfer.eval.cli;

import io.longinfer.eval.report.Environment;
import io.longinfer.eval.report.figure.Figure;
import io.longinfer.eval.report.figure.Figures;
import io.longinfer.eval.report.page.CsvFiles;
import io.longinfer.eval.report.page.HtmlPage;
import io.longinfer.eval.report.page.MarkdownTables;
import io.longinfer.eval.report.results.ResultException;
import io.longinfer.eval.report.results.Results;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code longinfer report}: a page of figures from result lines. */
@Command(
        name = "report",
        description = {
            "Writes one self-contained HTML page of figures from result lines of sweep, accuracy and other commands.",
            "Each figure has its data, the command that made it, commit and machine. What was measured and what was"
                    + " modelled, and runs under different budgets or throttles, never share a figure."
        })
final class ReportCommand implements Callable<Integer> {
    @ParentCommand
    private LongInfer parent;

    @Parameters(paramLabel = "RESULTS", arity = "1..*", description = "Files of JSON lines.")
    private List<Path> files;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE",
            defaultValue = "report.html",
            description = "The page. Default: ${DEFAULT-VALUE}.")
    private Path out;

    @Option(names = "--csv", paramLabel = "DIR", description = "Also writes the data of each figure there, as CSV.")
    private Path csv;

    @Option(names = "--markdown", paramLabel = "FILE", description = "Also writes all data as tables of Markdown.")
    private Path markdown;

    @Override
    public Integer call() throws IOException {
        PrintStream err = parent.streams().err();
        Results results = Results.read(files, warning -> err.println("longinfer report: " + warning));
        List<Figure> figures = Figures.of(results);
        if (figures.isEmpty()) {
            throw new ResultException(files.getFirst(), "no figure can be made of what these lines hold");
        }
        Files.writeString(out, HtmlPage.of(figures, origin(results)));
        if (csv != null) {
            CsvFiles.write(csv, figures);
        }
        if (markdown != null) {
            Files.writeString(markdown, MarkdownTables.of(figures));
        }
        parent.streams()
                .out()
                .println(figures.size() + " figures of " + results.all().size() + " lines in " + out);
        return 0;
    }

    private String origin(Results results) {
        Environment environment = Environment.current();
        return results.all().size() + " result lines of "
                + files.stream().map(Path::toString).collect(Collectors.joining(", ")) + "; page by longinfer "
                + environment.version() + ", commit " + environment.commit() + ".";
    }
}
