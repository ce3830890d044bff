package io.longinfer.eval.accuracy.depth;

import io.longinfer.eval.accuracy.Sample;
import java.util.List;
import java.util.Random;
import java.util.StringJoiner;
import java.util.UUID;

/** InfiniteBench's key-value retrieval: one pair of random identifiers among others, as a JSON object. */
final class KeyValueTask extends DepthTask {
    static final String NAME = "kv_retrieval";

    private static final int ANSWER_TOKENS = 64;

    KeyValueTask(DepthSetting setting) {
        super(setting, NAME, DepthMetrics.WORD);
    }

    @Override
    int smallest() {
        return 1;
    }

    @Override
    Sample make(int index, double depth, int pairs) {
        Random random = setting.random(NAME, index);
        String key = identifier(random);
        String value = identifier(random);
        int place = (int) Math.round(depth * (pairs - 1));
        StringJoiner object = new StringJoiner(", ", "{", "}");
        for (int i = 0; i < pairs; i++) {
            object.add(i == place ? pair(key, value) : pair(identifier(random), identifier(random)));
        }
        return new Sample(
                "Extract the value corresponding to the specified key in the JSON object below.\n\nJSON data:\n"
                        + object + "\n\n\nKey: \"" + key + "\"\n",
                "The value associated with the specified key is: ",
                ANSWER_TOKENS,
                List.of(value));
    }

    private static String pair(String key, String value) {
        return "\"" + key + "\": \"" + value + "\"";
    }

    private static String identifier(Random random) {
        byte[] bytes = new byte[16];
        random.nextBytes(bytes);
        return UUID.nameUUIDFromBytes(bytes).toString();
    }
}
