package io.longinfer.model.generation;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Reference logits, as {@code golden.json} files hold them: fp32, of weights dequantised from the same file. */
record Golden(Map<String, Case> cases, Greedy greedy) {

    /**
     * @param ids the prompt
     * @param topIds the 64 likeliest tokens after it
     * @param topLogits their logits
     * @param logSumExp over the whole vocabulary
     * @param nll negative log-likelihood of each token but the first
     * @param argmax likeliest token after each position
     */
    @SuppressWarnings("ArrayRecordComponent") // test data
    record Case(int[] ids, int[] topIds, double[] topLogits, double logSumExp, double[] nll, int[] argmax) {

        /**
         * KL divergence of the last token's distribution from the reference's, the reference's 64 likeliest one by one and
         * all others as one: without those the sum could be small, or negative, while much of the mass is elsewhere.
         */
        double divergence(float[] logits) {
            double ours = Golden.logSumExp(logits);
            double sum = 0;
            double referenceMass = 0;
            double mass = 0;
            for (int i = 0; i < topIds.length; i++) {
                double reference = topLogits[i] - logSumExp;
                double found = logits[topIds[i]] - ours;
                sum += Math.exp(reference) * (reference - found);
                referenceMass += Math.exp(reference);
                mass += Math.exp(found);
            }
            double referenceRest = 1 - referenceMass;
            // The reference is rounded to 1e-5: a smaller rest than that is noise.
            return referenceRest < 1e-4 ? sum : sum + referenceRest * Math.log(referenceRest / (1 - mass));
        }
    }

    /**
     * @param prompt name of the case that it continues
     * @param margins distance of the likeliest from the second; a continuation may part where one is under 0.02
     */
    @SuppressWarnings("ArrayRecordComponent") // test data
    record Greedy(String prompt, int[] tokens, double[] margins) {
        /** Tokens that every right implementation makes. */
        int certain() {
            int certain = 0;
            while (certain < tokens.length && margins[certain] >= 0.02) {
                certain++;
            }
            return certain;
        }
    }

    static double logSumExp(float[] logits) {
        double max = Double.NEGATIVE_INFINITY;
        for (float logit : logits) {
            max = Math.max(max, logit);
        }
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - max);
        }
        return max + Math.log(sum);
    }

    static Golden read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return read(in);
        }
    }

    static Golden read(InputStream in) throws IOException {
        Map<String, Object> root = JSON.std.mapFrom(in);
        Map<String, Case> cases = new TreeMap<>();
        for (var entry : object(root.get("cases")).entrySet()) {
            Map<String, Object> c = object(entry.getValue());
            List<?> top = (List<?>) c.get("last_top");
            cases.put(
                    entry.getKey(),
                    new Case(
                            ints(c.get("ids")),
                            top.stream()
                                    .mapToInt(pair -> number(pair, 0).intValue())
                                    .toArray(),
                            top.stream()
                                    .mapToDouble(pair -> number(pair, 1).doubleValue())
                                    .toArray(),
                            ((Number) c.get("last_logsumexp")).doubleValue(),
                            doubles(c.get("nll")),
                            ints(c.get("argmax"))));
        }
        Map<String, Object> greedy = object(root.get("greedy"));
        return new Golden(
                cases,
                new Greedy((String) greedy.get("prompt"), ints(greedy.get("tokens")), doubles(greedy.get("margin"))));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> object(Object value) {
        return (Map<String, Object>) value;
    }

    private static Number number(Object pair, int index) {
        return (Number) ((List<?>) pair).get(index);
    }

    private static int[] ints(Object list) {
        return ((List<?>) list).stream().mapToInt(n -> ((Number) n).intValue()).toArray();
    }

    private static double[] doubles(Object list) {
        return ((List<?>) list)
                .stream().mapToDouble(n -> ((Number) n).doubleValue()).toArray();
    }
}
