package io.longinfer.eval.accuracy.depth;

import io.longinfer.eval.accuracy.Metric;
import io.longinfer.eval.documents.Answers;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What counts as having found the one thing that was hidden: 1 or 0. Stateless. */
final class DepthMetrics {
    private static final Pattern NUMBER_PATTERN = Pattern.compile("[0-9]+");
    private static final Pattern SEPARATORS = Pattern.compile("[\\s:\"'.,?!{}]+");

    /** The first number in the answer is the right one, as InfiniteBench counts. */
    static final Metric FIRST_NUMBER = (prediction, references) -> {
        Matcher number = NUMBER_PATTERN.matcher(prediction);
        return number.find() && number.group().equals(references.getFirst()) ? 1 : 0;
    };

    /** One of the words is the right one, as InfiniteBench counts. */
    static final Metric WORD = (prediction, references) ->
            Arrays.asList(SEPARATORS.split(prediction)).contains(references.getFirst()) ? 1 : 0;

    /** The number is named, with no digit beside it. */
    static final Metric NUMBER = (prediction, references) -> Answers.names(prediction, references.getFirst()) ? 1 : 0;

    /** The text is contained, whatever the case. */
    static final Metric CONTAINED = (prediction, references) ->
            prediction.toLowerCase(Locale.ROOT).contains(references.getFirst().toLowerCase(Locale.ROOT)) ? 1 : 0;

    private DepthMetrics() {}
}
