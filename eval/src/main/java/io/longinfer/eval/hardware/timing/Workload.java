package io.longinfer.eval.hardware.timing;

import io.longinfer.eval.hardware.replay.RecordGeometry;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kvcache.KvPlan;

/**
 * What runs on a machine, apart from what is selected.
 *
 * @param shape the model's
 * @param weightBytes of one number of its matrices
 * @param variant label of the way to manage KV, for the machine's rate of scoring
 * @param plan of each sequence: where abstracts lie, how large units are
 * @param records bytes of chunks' records
 */
public record Workload(DecoderShape shape, double weightBytes, String variant, KvPlan plan, RecordGeometry records) {}
