package io.longinfer.eval.accuracy.longbench;

import io.longinfer.eval.accuracy.JsonLine;
import io.longinfer.eval.accuracy.Metric;
import io.longinfer.eval.accuracy.Sample;
import io.longinfer.eval.accuracy.Task;
import io.longinfer.eval.accuracy.TaskException;
import io.longinfer.model.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The questions of a file in LongBench's format: one JSON object a line with {@code input}, {@code context}, {@code answers},
 * {@code dataset} and, for classification, {@code all_classes}. A prompt that is too long loses its middle. Immutable.
 */
public final class LongBenchTask implements Task {
    private static final Pattern FIELD = Pattern.compile("\\{(\\w+)}");

    private final String name;
    private final LongBenchDataset dataset;
    private final LongBenchOptions options;
    private final List<JsonLine> lines;
    private final List<String> classes;

    private LongBenchTask(String name, LongBenchDataset dataset, LongBenchOptions options, List<JsonLine> lines) {
        this.name = name;
        this.dataset = dataset;
        this.options = options;
        this.lines = lines;
        this.classes = dataset.metric() == LongBenchMetric.CLASSIFICATION
                ? lines.getFirst().texts("all_classes")
                : List.of();
    }

    /**
     * The name of the dataset that a file holds: what its first line says, or else the file's own name.
     *
     * @throws TaskException if the file holds no JSON lines
     */
    public static String name(Path file) throws IOException {
        String own = String.valueOf(file.getFileName()).replaceFirst("(_e)?\\.jsonl?$", "");
        return JsonLine.read(file, 1).getFirst().optionalText("dataset").orElse(own);
    }

    /** Whether LongBench has a dataset of that name that can be asked without further options. */
    public static boolean isKnown(String name) {
        return LongBenchDataset.isKnown(name);
    }

    /**
     * Reads a file.
     *
     * @throws TaskException if it is not as expected, or its dataset is not known and not all about it is given
     */
    public static LongBenchTask read(Path file, LongBenchOptions options) throws IOException {
        List<JsonLine> lines = JsonLine.read(file, options.samples());
        String name = name(file);
        for (JsonLine line : lines) {
            line.texts("answers");
        }
        LongBenchDataset dataset =
                LongBenchDataset.of(name, options.prompt(), options.metric(), options.answerTokens());
        return new LongBenchTask(name, dataset, options, lines);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int samples() {
        return lines.size();
    }

    @Override
    public Sample sample(int index) {
        JsonLine line = lines.get(index);
        String prompt = filled(line);
        Sample whole = sample(prompt, line);
        int excess = excess(whole);
        if (excess <= 0) {
            return whole;
        }
        Tokenizer tokenizer = options.tokenizer();
        int[] ids = tokenizer.encode(prompt, false, false);
        int kept = ids.length;
        // What two halves take when they are joined is not quite what both take.
        for (int over = excess; kept - over >= 2; over = Math.max(1, over)) {
            kept -= over;
            int half = kept / 2;
            String start = tokenizer.decode(Arrays.copyOf(ids, half), false);
            String end = tokenizer.decode(Arrays.copyOfRange(ids, ids.length - half, ids.length), false);
            Sample cut = sample(start + end, line);
            over = excess(cut);
            if (over <= 0) {
                return cut;
            }
        }
        throw new TaskException(line.file() + ", line " + line.line() + ": " + options.maxTokens()
                + " tokens found for prompt and answer, more than the " + dataset.answerTokens()
                + " of an answer and the chat template expected");
    }

    private Sample sample(String prompt, JsonLine line) {
        return new Sample(prompt, "", dataset.answerTokens(), line.texts("answers"), dataset.chat());
    }

    private int excess(Sample sample) {
        return options.length().applyAsInt(sample) + dataset.answerTokens() - options.maxTokens();
    }

    private String filled(JsonLine line) {
        return FIELD.matcher(dataset.prompt()).replaceAll(field -> Matcher.quoteReplacement(line.text(field.group(1))));
    }

    /** The best score over the references. */
    @Override
    public Metric metric() {
        return (prediction, references) -> {
            String answer = dataset.firstLine() ? LongBenchMetric.firstLine(prediction) : prediction;
            return references.stream()
                    .mapToDouble(reference -> dataset.metric().score(answer, reference, classes))
                    .max()
                    .orElse(0);
        };
    }
}
