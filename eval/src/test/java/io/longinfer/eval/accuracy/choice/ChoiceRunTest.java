package io.longinfer.eval.accuracy.choice;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.eval.accuracy.TaskException;
import io.longinfer.eval.accuracy.TaskResult;
import io.longinfer.eval.accuracy.choice.ContinuationEncoder.Encoded;
import io.longinfer.eval.accuracy.choice.Question.Option;
import io.longinfer.eval.comparison.Contender;
import io.longinfer.eval.comparison.Variant;
import io.longinfer.eval.documents.DocumentGenerator;
import io.longinfer.eval.documents.DocumentOptions;
import io.longinfer.eval.documents.Fact;
import io.longinfer.eval.documents.NeedleDocument;
import io.longinfer.eval.report.LogitsWriter;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.KvMetrics;
import io.longinfer.kvcache.KvMetrics.PipelineMetrics;
import io.longinfer.kvcache.selection.SelectorKind;
import io.longinfer.model.Model;
import io.longinfer.model.catalog.ModelCatalog;
import io.longinfer.model.generation.Engine;
import io.longinfer.model.generation.InferenceSession;
import io.longinfer.model.tokenizer.Tokenizer;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ChoiceRunTest {
    private static Model model;
    private static Engine engine;

    @BeforeAll
    static void open() throws IOException {
        model = Model.open(ModelCatalog.resolve("needle"));
        engine = Engine.cpu(2);
    }

    @AfterAll
    static void close() {
        engine.close();
        model.close();
    }

    @Test
    void theFactIsLikelierThanAnother() throws IOException {
        Tokenizer tokenizer = model.tokenizer();
        NeedleDocument document = new DocumentGenerator(text -> tokenizer.encode(text, false, false).length)
                .generate(DocumentOptions.journal(300, 5).withFacts(2));
        Fact fact = document.facts().getFirst();
        Fact other = document.facts().getLast();
        String context = document.prompt(fact) + "\n";
        String begin =
                fact.answer().substring(0, fact.answer().indexOf(fact.value())).strip();
        Question question = new Question(
                List.of(
                        new Option(context + begin, other.value() + "."),
                        new Option(context + begin, fact.value() + ".")),
                1);
        ChoiceTask task = new ChoiceTask(ChoiceFormat.RTE, List.of(question));
        List<ChoiceResult> results = run(task, Variant.FULL, Variant.OURS);
        for (ChoiceResult result : results) {
            assertEquals(1, result.accuracy().score(), result.logLikelihoods().toString());
            assertEquals(1, result.accuracy().answers().size());
            assertEquals(
                    fact.value() + ".", result.accuracy().answers().getFirst().prediction());
        }
        assertEquals(
                expected(question),
                results.getFirst().logLikelihoods().getFirst().get(1),
                1e-3);
        assertEquals("rte", results.getFirst().toTree().get("task"));
    }

    /** The sum over the right option, read from an empty sequence with full attention. */
    private static double expected(Question question) throws IOException {
        Option option = question.options().get(question.right());
        Encoded encoded = new ContinuationEncoder(model.tokenizer()).encode(option.context(), option.continuation());
        int[] context = encoded.context();
        int[] ids = IntStream.concat(IntStream.of(context), IntStream.of(encoded.continuation()))
                .toArray();
        double[] sum = {0};
        KvConfig full =
                KvConfig.defaults().toBuilder().selector(SelectorKind.FULL).build();
        try (InferenceSession session = engine.open(model.weights(), full, ids.length, 64)) {
            session.forEachPosition(ids, ids.length, (index, logits) -> {
                if (index + 1 >= context.length && index + 1 < ids.length) {
                    sum[0] -= LogitsWriter.negativeLogLikelihood(logits, ids[index + 1]);
                }
            });
        }
        return sum[0];
    }

    @Test
    void optionsMayHaveContextsOfTheirOwn() throws IOException {
        Question same =
                new Question(List.of(new Option("The sky and the", "sea."), new Option("The sky and the", "sea.")), 1);
        Question own =
                new Question(List.of(new Option("The sky and a", "sea."), new Option("The sky and the", "sea.")), 0);
        List<ChoiceResult> results = run(new ChoiceTask(ChoiceFormat.WINOGRANDE, List.of(same, own)), Variant.FULL);
        List<List<Double>> likelihoods = results.getFirst().logLikelihoods();
        assertEquals(likelihoods.get(0).get(0), likelihoods.get(0).get(1));
        assertEquals(likelihoods.get(0).get(0), likelihoods.get(1).get(1));
        assertTrue(!likelihoods.get(1).get(0).equals(likelihoods.get(1).get(1)));
        assertEquals(0, results.getFirst().accuracy().scores()[0]); // the first of equals is taken
    }

    @Test
    void likelihoodsAreAlsoCountedByByte() {
        Question question = new Question(List.of(new Option("x", "ab"), new Option("x", "\u00e9cdefgh")), 1);
        ChoiceResult.Builder builder = new ChoiceResult.Builder(new TaskResult.Builder("t", Variant.FULL));
        builder.accuracy().add(new long[1], metrics());
        builder.add(0, 3, question, new double[] {-2, -7.9}); // -1 and -7.9 / 8 a byte
        builder.add(1, 3, question, new double[] {-2, -8.1});
        ChoiceResult result = builder.build();
        assertArrayEquals(new double[] {0, 0}, result.accuracy().scores());
        assertArrayEquals(new double[] {1, 0}, result.normalised().scores());
        assertEquals(List.of(List.of(-2.0, -7.9), List.of(-2.0, -8.1)), result.logLikelihoods());
    }

    @Test
    void blanksGoWithWhatFollows() {
        Tokenizer tokenizer = model.tokenizer();
        ContinuationEncoder encoder = new ContinuationEncoder(tokenizer);
        Encoded plain = encoder.encode("The sky", " is blue");
        Encoded blank = encoder.encode("The sky ", "is blue");
        assertArrayEquals(plain.context(), blank.context());
        assertArrayEquals(plain.continuation(), blank.continuation());
        assertEquals(" is blue", tokenizer.decode(plain.continuation()));
    }

    @Test
    void whatCannotBeScoredIsSaid() {
        Question tooShort = new Question(List.of(new Option("", "a b"), new Option("", "c d")), 0);
        TaskException refused = assertThrows(
                TaskException.class, () -> run(new ChoiceTask(ChoiceFormat.RTE, List.of(tooShort)), Variant.FULL));
        assertTrue(refused.getMessage().contains("at least 2 to read"), refused.getMessage());
    }

    private static KvMetrics metrics() {
        return new KvMetrics(
                List.of(), List.of(), List.of(), List.of(), new PipelineMetrics(0, 0, 0, 0, 0, "", 0, 0), false, 0);
    }

    private static List<ChoiceResult> run(ChoiceTask task, Variant... variants) throws IOException {
        List<Contender> contenders = Arrays.stream(variants)
                .map(variant -> new Contender(variant, prefix -> variant.configuration(KvConfig.defaults())))
                .toList();
        return new ChoiceRun(engine, model.weights(), model.tokenizer(), 64).of(task, contenders, (done, total) -> {});
    }
}
