package io.longinfer.eval.hardware;

import io.longinfer.eval.hardware.Replay.Result;
import io.longinfer.eval.hardware.timing.StepTime;
import io.longinfer.eval.report.Environment;
import io.longinfer.eval.report.JsonTree;
import io.longinfer.eval.report.Rates;
import io.longinfer.kvcache.tier.Link;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** A modelled run as a line of JSON, of kind {@code modelled}. */
public final class ReplayTree {
    private ReplayTree() {}

    /**
     * The line.
     *
     * @param model the modelled shape's name
     * @param documentTokens the context's length
     */
    public static Map<String, Object> of(Result result, String model, int documentTokens) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("kind", "modelled");
        tree.put("modelled", true);
        tree.put("command", "replay");
        tree.put("model", model);
        tree.put("seed", result.trace().header().seed());
        tree.put("contextTokens", result.target().contextTokens());
        tree.put("prefillBlock", 2048);
        tree.put("configuration", JsonTree.of(result.target().configuration()));
        tree.put("device", Map.of("name", result.machine().name() + " (modelled)"));
        tree.put("environment", JsonTree.of(Environment.current()));
        tree.put("machine", JsonTree.of(result.machine()));
        tree.put("traceModel", result.trace().header().model());
        tree.put("traceTokens", result.trace().header().documentTokens());
        tree.put("weightBytesEach", result.target().weightBytes());
        tree.put("documentTokens", documentTokens);
        tree.put("ratio", result.target().configuration().selection().ratio());
        tree.put("repetition", 1);
        tree.put("variant", result.trace().header().variant());
        tree.put("batch", result.target().batch());
        result.firstTokenNanos().ifPresent(nanos -> tree.put("timeToFirstTokenMillis", nanos / 1e6));
        double[] millis = millis(result);
        tree.put("steps", millis.length);
        tree.put("stepMillis", JsonTree.of(millis));
        tree.put("medianMillis", Rates.median(millis));
        tree.put("meanMillis", mean(result, StepTime::nanos) / 1e6);
        tree.put("stallMillis", mean(result, StepTime::stallNanos) / 1e6);
        tree.put("diskBusyMillis", mean(result, StepTime::diskBusyNanos) / 1e6);
        tree.put("deviceHitRate", result.deviceHitRate());
        tree.put("hostHitRate", result.hostHitRate());
        tree.put(Link.DISK_TO_HOST.label() + " bytes a step", mean(result, StepTime::diskBytes));
        tree.put(Link.HOST_TO_DEVICE.label() + " bytes a step", mean(result, StepTime::linkBytes));
        tree.put("selectedShare", result.selectedShare());
        return tree;
    }

    /** What each step takes, in milliseconds. */
    public static double[] millis(Result result) {
        return result.steps().stream().mapToDouble(step -> step.nanos() / 1e6).toArray();
    }

    /** The mean over the steps. */
    public static double mean(Result result, ToDoubleFunction<StepTime> of) {
        List<StepTime> steps = result.steps();
        return steps.stream().mapToDouble(of).average().orElse(0);
    }
}
