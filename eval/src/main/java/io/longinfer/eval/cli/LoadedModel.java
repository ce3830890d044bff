package io.longinfer.eval.cli;

import io.longinfer.eval.report.Environment;
import io.longinfer.eval.report.RunReport.Setting;
import io.longinfer.kernels.device.Device;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.model.Model;
import io.longinfer.model.catalog.ModelCatalog;
import io.longinfer.model.generation.BatchSession;
import io.longinfer.model.generation.Engine;
import io.longinfer.model.generation.InferenceSession;
import java.io.IOException;
import java.util.Arrays;

/**
 * A model with what computes it, as the options say. Owns both; sessions are closed by who opens them, before it. Not
 * thread-safe.
 *
 * @param prefillBlock tokens of a prompt that go through the layers together
 */
record LoadedModel(Model model, Engine engine, int prefillBlock) implements AutoCloseable {
    /** Opens a model by name or path. */
    static LoadedModel open(String nameOrPath, DeviceOptions options) throws IOException {
        return of(Model.open(ModelCatalog.resolve(nameOrPath)), options);
    }

    /** Takes over an open model. */
    static LoadedModel of(Model model, DeviceOptions options) {
        return new LoadedModel(model, Engine.cpu(options.threads()), options.prefillBlock);
    }

    Device device() {
        return engine.device();
    }

    /** Starts an empty sequence. */
    InferenceSession session(KvConfig configuration, int contextTokens) throws IOException {
        return engine.open(model.weights(), configuration, contextTokens, prefillBlock);
    }

    /** Starts some empty sequences that decode together. */
    BatchSession batch(KvConfig configuration, int contextTokens, int sequences) throws IOException {
        int[] contexts = new int[sequences];
        Arrays.fill(contexts, contextTokens);
        return engine.openBatch(model.weights(), configuration, contexts, prefillBlock);
    }

    /** What a report says of a run with it. */
    Setting setting(String command, KvConfig configuration, int contextTokens, long seed) {
        return new Setting(
                command,
                model.path(),
                configuration,
                contextTokens,
                prefillBlock,
                seed,
                device().profile(),
                Environment.current());
    }

    @Override
    public void close() {
        engine.close();
        model.close();
    }
}
