package io.longinfer.eval.accuracy.longbench;

import io.longinfer.eval.accuracy.Sample;
import io.longinfer.model.tokenizer.Tokenizer;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.ToIntFunction;

/**
 * How a file of LongBench is asked.
 *
 * @param maxTokens most tokens of a prompt, with template, and its answer together
 * @param samples most lines of the file to use
 * @param length tokens of a sample's prompt, with template
 * @param tokenizer cuts prompts that are too long
 * @param prompt in place of the published one
 * @param metric in place of the published one
 * @param answerTokens in place of the published number
 */
public record LongBenchOptions(
        int maxTokens,
        int samples,
        ToIntFunction<Sample> length,
        Tokenizer tokenizer,
        Optional<String> prompt,
        Optional<LongBenchMetric> metric,
        OptionalInt answerTokens) {}
