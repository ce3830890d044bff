package io.longinfer.eval.cli;

import io.longinfer.eval.report.PhaseTraffic;
import io.longinfer.eval.report.RunReport;
import io.longinfer.eval.report.RunReport.Timing;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.KvMetrics;
import io.longinfer.model.generation.GenerationResult;
import io.longinfer.model.generation.Generator;
import io.longinfer.model.generation.InferenceSession;
import io.longinfer.model.generation.InferenceSession.PrefillListener;
import io.longinfer.model.generation.Sampler;
import io.longinfer.model.generation.SamplingOptions;
import io.longinfer.model.tokenizer.StreamingDecoder;
import java.io.IOException;
import java.util.function.Consumer;

/**
 * One prompt, answered.
 *
 * @param text what was generated
 */
record Run(String text, GenerationResult result, RunReport report) {
    /**
     * What to generate.
     *
     * @param command for the report
     * @param contextTokens tokens to plan KV space for
     */
    @SuppressWarnings("ArrayRecordComponent") // what to run, never compared
    record Request(
            String command,
            int[] prompt,
            int maxTokens,
            int contextTokens,
            KvConfig configuration,
            SamplingOptions sampling) {}

    /** Opens a session, reads the prompt and generates; {@code output} is given the text piece by piece. */
    static Run of(LoadedModel loaded, Request request, PrefillListener progress, Consumer<String> output)
            throws IOException {
        try (InferenceSession session = loaded.session(request.configuration(), request.contextTokens())) {
            StringBuilder text = new StringBuilder();
            StreamingDecoder decoder = loaded.model().tokenizer().stream();
            KvMetrics[] afterPrefill = new KvMetrics[1];
            GenerationResult result = Generator.generate(
                    session,
                    request.prompt(),
                    request.maxTokens(),
                    new Sampler(request.sampling()),
                    loaded.model().tokenizer()::endsGeneration,
                    (done, total) -> {
                        progress.read(done, total);
                        if (done == total) {
                            afterPrefill[0] = session.cache().metrics();
                        }
                    },
                    token -> emit(decoder.next(token), text, output));
            emit(decoder.flush(), text, output);
            PhaseTraffic traffic =
                    new PhaseTraffic(afterPrefill[0], session.cache().metrics());
            return new Run(text.toString(), result, report(loaded, request, result, traffic));
        }
    }

    private static void emit(String piece, StringBuilder text, Consumer<String> output) {
        if (!piece.isEmpty()) {
            text.append(piece);
            output.accept(piece);
        }
    }

    private static RunReport report(
            LoadedModel loaded, Request request, GenerationResult result, PhaseTraffic traffic) {
        return new RunReport(
                loaded.setting(
                        request.command(),
                        request.configuration(),
                        request.contextTokens(),
                        request.sampling().seed()),
                Timing.of(request.prompt().length, result.timeToFirstTokenNanos(), result.tokenNanos()),
                traffic);
    }
}
