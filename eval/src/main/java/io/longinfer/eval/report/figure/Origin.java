package io.longinfer.eval.report.figure;

import io.longinfer.eval.report.results.Result;
import io.longinfer.eval.report.results.Results;
import java.util.List;

/** Whether times come from a clock or from a model of a machine; the two never share a figure. */
enum Origin {
    MEASURED("", ""),
    MODELLED("MODELLED: ", "modelled-");

    private final String titlePrefix;
    private final String idPrefix;

    Origin(String titlePrefix, String idPrefix) {
        this.titlePrefix = titlePrefix;
        this.idPrefix = idPrefix;
    }

    /** Its lines with times. */
    List<Result> timed(Results results) {
        return results.where(
                result -> this == MODELLED ? result.modelled() : result.kind().equals("latency") && !result.modelled());
    }

    /** A title that says it. */
    String title(String title) {
        return titlePrefix + title;
    }

    /** The id of a figure, {@code number} counting from 1. */
    String id(String name, int number) {
        return idPrefix + name + "-" + number;
    }
}
