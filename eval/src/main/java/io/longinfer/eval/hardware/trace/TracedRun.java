package io.longinfer.eval.hardware.trace;

import io.longinfer.eval.comparison.Prefix;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.model.generation.BatchSession;
import java.io.IOException;
import java.util.List;

/** Decodes behind a prompt that was read once and records it. Stateless. */
public final class TracedRun {
    private TracedRun() {}

    /**
     * The events of one sequence that takes the first prompt's KV over, reads the prompt's last tokens and decodes what full
     * attention chose.
     *
     * @param steps decoding steps, those that warm up among them
     * @throws IllegalArgumentException if the configuration keeps all KV on the device, where nothing is placed or weighed
     */
    public static List<TraceEvent> of(Prefix prefix, DecoderShape shape, KvConfig configuration, int steps)
            throws IOException {
        TraceRecorder recorder = new TraceRecorder(shape);
        try (BatchSession session =
                prefix.open(configuration, 1, empty -> empty.cache(0).listen(recorder))) {
            if (session.cache(0).plan().mode() == io.longinfer.kvcache.KvPlan.Mode.DEVICE) {
                throw new IllegalArgumentException(
                        "all KV fits the device: a device share under 1 expected, or there is nothing to trace");
            }
            recorder.promptEnded(session.cache(0).metrics());
            for (int step = 0; step < steps; step++) {
                long start = System.nanoTime();
                session.decode(new int[] {prefix.continuation(0)[step]});
                recorder.stepEnded(System.nanoTime() - start, session.cache(0).metrics());
            }
        }
        return recorder.events();
    }
}
