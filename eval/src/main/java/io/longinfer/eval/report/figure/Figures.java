package io.longinfer.eval.report.figure;

import io.longinfer.eval.report.results.Results;
import java.util.ArrayList;
import java.util.List;

/** All figures that results have enough lines for. */
public final class Figures {
    private Figures() {}

    /** In the order of the page: what was measured, then what was modelled. */
    public static List<Figure> of(Results results) {
        List<Figure> figures = new ArrayList<>(timed(results, Origin.MEASURED));
        figures.addAll(AccuracyFigure.againstRatio(results));
        figures.addAll(AccuracyFigure.ofTasks(results));
        figures.addAll(PerplexityFigure.of(results));
        figures.addAll(LayerFigure.ofRecall(results));
        figures.addAll(LayerFigure.ofDeserts(results));
        figures.addAll(HeatFigure.of(results));
        figures.addAll(timed(results, Origin.MODELLED));
        return List.copyOf(figures);
    }

    private static List<Figure> timed(Results results, Origin origin) {
        List<Figure> figures = new ArrayList<>(LatencyFigure.ofSteps(results, origin));
        figures.addAll(SpeedUpFigure.of(results, origin, "full"));
        figures.addAll(SpeedUpFigure.of(results, origin, "quest"));
        figures.addAll(LatencyFigure.ofFirstTokens(results, origin));
        figures.addAll(LinkFigure.of(results, origin));
        return figures;
    }
}
