package io.longinfer.eval.report.figure;

import io.longinfer.eval.report.results.Result;
import io.longinfer.kvcache.ByteSize;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Names the budgets of runs. Budgets that grow with the context, such as a share of the KV or what a machine's memory leaves, are one
 * setting, named by their least and greatest; several budgets for the same context are as many settings.
 */
final class Budgets {
    private static final String DEVICE = "configuration.deviceBudgetBytes";
    private static final String HOST = "configuration.hostBudgetBytes";

    private final Function<Result, String> rest;
    private final Map<String, List<Result>> groups;

    /** @param rest what else makes the setting of a run */
    Budgets(List<Result> results, Function<Result, String> rest) {
        this.rest = rest;
        groups = new HashMap<>(Setting.panels(results, rest));
    }

    /** Those of a run; empty if it does not say. */
    String of(Result result) {
        if (result.optional("deviceShare").isPresent()
                && result.optional("hostShare").isPresent()) {
            return "device " + Unit.SHARE.tick(result.number("deviceShare")) + " and host "
                    + Unit.SHARE.tick(result.number("hostShare")) + " of the KV";
        }
        List<Result> group = groups.get(rest.apply(result));
        List<Result> named = oneForEachContext(group) ? group : List.of(result);
        return Setting.join(List.of(bytes("device", DEVICE, named), bytes("host", HOST, named)));
    }

    private static boolean oneForEachContext(List<Result> group) {
        return Setting.panels(group, result -> "" + result.documentTokens()).values().stream()
                .allMatch(some -> some.stream().map(Budgets::pair).distinct().count() == 1);
    }

    private static List<OptionalDouble> pair(Result result) {
        return List.of(result.optional(DEVICE), result.optional(HOST));
    }

    private static String bytes(String name, String path, List<Result> results) {
        TreeSet<Long> bytes = new TreeSet<>();
        results.forEach(result -> result.optional(path).ifPresent(value -> bytes.add((long) value)));
        if (bytes.isEmpty()) {
            return "";
        }
        String least = name + " " + ByteSize.format(bytes.first());
        return bytes.size() == 1 ? least : least + " to " + ByteSize.format(bytes.last());
    }
}
