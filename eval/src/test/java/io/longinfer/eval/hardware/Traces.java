package io.longinfer.eval.hardware;

import io.longinfer.eval.comparison.Prefix;
import io.longinfer.eval.comparison.Variant;
import io.longinfer.eval.documents.DocumentGenerator;
import io.longinfer.eval.documents.DocumentOptions;
import io.longinfer.eval.documents.NeedleDocument;
import io.longinfer.eval.hardware.trace.Trace;
import io.longinfer.eval.hardware.trace.TraceHeader;
import io.longinfer.eval.hardware.trace.TracedRun;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.KvConfig.CodecChoice;
import io.longinfer.model.Model;
import io.longinfer.model.catalog.ModelCatalog;
import io.longinfer.model.generation.Engine;
import io.longinfer.model.tokenizer.Tokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Traces of real runs on the embedded model, and how they were configured. */
public final class Traces {
    private static final int TOKENS = 900;

    private Traces() {}

    /** A run behind a document. */
    public record Traced(Trace trace, KvConfig configuration) {}

    /** Traces 2 steps to warm up and 6 more of some variants, device and host a quarter of the KV each. */
    public static List<Traced> of(Variant... variants) throws IOException {
        try (Model model = Model.open(ModelCatalog.resolve("needle"));
                Engine engine = Engine.cpu(2);
                Prefix prefix = Prefix.read(
                        engine,
                        model.weights(),
                        List.of(document(model, TOKENS)),
                        8,
                        8,
                        512,
                        true,
                        (done, total) -> {})) {
            List<Traced> traces = new ArrayList<>();
            for (Variant variant : variants) {
                KvConfig ours = KvConfig.defaults().toBuilder()
                        .codecChoice(CodecChoice.AUTO)
                        .budgets(prefix.kvBytes(1) / 4, prefix.kvBytes(1) / 4, 2 * prefix.kvBytes(1))
                        .build();
                KvConfig configuration = variant.configuration(ours);
                TraceHeader header = new TraceHeader(
                        "needle",
                        model.shape(),
                        variant.label(),
                        List.of(),
                        0.25,
                        0.25,
                        TOKENS,
                        prefix.contextTokens(),
                        2,
                        6,
                        1,
                        Map.of());
                traces.add(new Traced(
                        new Trace(header, TracedRun.of(prefix, model.shape(), configuration, 8)), configuration));
            }
            return traces;
        }
    }

    /** A document and a question about it. */
    private static int[] document(Model model, int tokens) {
        Tokenizer tokenizer = model.tokenizer();
        NeedleDocument document = new DocumentGenerator(text -> tokenizer.encode(text, false, false).length)
                .generate(DocumentOptions.journal(tokens, 1));
        return tokenizer.encode(document.prompt(document.facts().getFirst()), true, false);
    }
}
