package io.longinfer.eval.accuracy.depth;

import io.longinfer.eval.accuracy.Sample;
import io.longinfer.eval.documents.DocumentGenerator;
import io.longinfer.eval.documents.DocumentOptions;
import io.longinfer.eval.documents.Fact;
import io.longinfer.eval.documents.NeedleDocument;
import java.util.List;
import java.util.function.ToIntFunction;

/** A fact in a journal, in one of the forms that the embedded model was trained on. */
final class DocumentTask extends DepthTask {
    static final String NAME = "needle";

    private static final int ANSWER_TOKENS = 48;

    /** Documents are sized in steps of about a sentence, as they are made of those. */
    private static final int UNIT_TOKENS = 16;

    private final DocumentGenerator generator;

    DocumentTask(DepthSetting setting, ToIntFunction<String> tokenCounter) {
        super(setting, NAME, DepthMetrics.NUMBER);
        generator = new DocumentGenerator(tokenCounter);
    }

    @Override
    int smallest() {
        return 4; // any fact fits
    }

    @Override
    Sample make(int index, double depth, int units) {
        NeedleDocument document =
                generator.generate(DocumentOptions.journal(UNIT_TOKENS * units, setting.seed(NAME, index))
                        .withDepth(depth));
        Fact fact = document.facts().getFirst();
        return new Sample(document.prompt(fact), "", ANSWER_TOKENS, List.of(fact.value()));
    }
}
