package io.longinfer.eval.documents;

import java.util.List;
import java.util.Locale;
import java.util.Random;

/** Sentences of journal text, the filling that the embedded model was trained on. */
public final class Journal {
    private static final List<String> WHO =
            split("keeper, pilot, miller, clerk, gardener, smith, teacher, cook, sailor,"
                    + " carpenter, doctor, guard, painter, weaver, driver, porter");
    private static final List<String> DID = split("walked to, looked over, swept, measured, repaired, painted,"
            + " counted the boxes in, opened, closed, waited at, wrote a note about, carried bread to, lit the lamp in,"
            + " returned from, rested near, argued about");
    private static final List<String> WHERE = split("north gate, old harbour, long hall, mill, stone bridge, tower,"
            + " market, cellar, orchard, workshop, station, lower field, library, chapel, well, boat house");
    private static final List<String> WHEN = split("In the morning, Before noon, After the rain, Late in the day,"
            + " At sunrise, When the bell rang, Toward evening, During the night, On the way home, A little later,"
            + " As the fog lifted, While the others slept");
    private static final List<String> TAIL = List.of(
            "and nothing more was said",
            "because the wind had turned",
            "and the day was quiet",
            "though the work was slow",
            "and then it began to rain",
            "while the children watched",
            "and the door was left open",
            "but no one noticed",
            "and the lamp burned until dawn",
            "so the road was clear again",
            "and supper was late",
            "as on every other day");

    private Journal() {}

    /** Draws one sentence: half of the first form, a quarter of each of the others. */
    public static String sentence(Random random) {
        return switch (random.nextInt(4)) {
            case 0 ->
                String.format(
                        Locale.ROOT,
                        "The %s %s the %s %s.",
                        pick(WHO, random),
                        pick(DID, random),
                        pick(WHERE, random),
                        pick(TAIL, random));
            case 1 ->
                String.format(
                        Locale.ROOT,
                        "%s, near the %s, the %s and the %s met and talked about the %s.",
                        pick(WHEN, random),
                        pick(WHERE, random),
                        pick(WHO, random),
                        pick(WHO, random),
                        pick(WHERE, random));
            default ->
                String.format(
                        Locale.ROOT,
                        "%s the %s %s the %s, %s.",
                        pick(WHEN, random),
                        pick(WHO, random),
                        pick(DID, random),
                        pick(WHERE, random),
                        pick(TAIL, random));
        };
    }

    private static String pick(List<String> words, Random random) {
        return words.get(random.nextInt(words.size()));
    }

    private static List<String> split(String words) {
        return List.of(words.split(", "));
    }
}
