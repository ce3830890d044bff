package io.longinfer.eval.cli;

import io.longinfer.eval.accuracy.TaskRun;
import io.longinfer.eval.report.Environment;
import io.longinfer.eval.report.RunReport.Setting;
import io.longinfer.kernels.device.Device;
import io.longinfer.kernels.device.WeightSource;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.model.Model;
import io.longinfer.model.catalog.ModelCatalog;
import io.longinfer.model.generation.BatchSession;
import io.longinfer.model.generation.Engine;
import io.longinfer.model.generation.InferenceSession;
import io.longinfer.model.weights.WeightConfig;
import io.longinfer.model.weights.WeightStore;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;

/**
 * A model with what computes it, as the options say. Owns both; sessions are closed by who opens them, before it. Not
 * thread-safe.
 *
 * @param store where weights lie, if they are placed in tiers
 * @param prefillBlock tokens of a prompt that go through the layers together
 */
record LoadedModel(Model model, Optional<WeightStore> store, Engine engine, int prefillBlock) implements AutoCloseable {
    /** Opens a model by name or path, its weights where its file is mapped. */
    static LoadedModel open(String nameOrPath, DeviceOptions options) throws IOException {
        return open(nameOrPath, options, Optional.empty());
    }

    /** Opens a model by name or path. */
    static LoadedModel open(String nameOrPath, DeviceOptions options, Optional<WeightConfig> weights)
            throws IOException {
        return of(Model.open(ModelCatalog.resolve(nameOrPath)), options, weights);
    }

    /** Takes over an open model, and places its weights if that is asked for. */
    static LoadedModel of(Model model, DeviceOptions options, Optional<WeightConfig> weights) {
        try {
            Optional<WeightStore> store = weights.map(config -> WeightStore.open(model.weights(), config));
            if (store.isPresent()) {
                model.close(); // its weights are copied: what they were copied from shall take no memory
            }
            return new LoadedModel(model, store, options.engine(), options.prefillBlock);
        } catch (RuntimeException e) {
            model.close();
            throw e;
        }
    }

    /** The weights, wherever they lie. */
    WeightSource weights() {
        return store.isPresent() ? store.get() : model.weights();
    }

    Device device() {
        return engine.device();
    }

    /** Starts an empty sequence. */
    InferenceSession session(KvConfig configuration, int contextTokens) throws IOException {
        return engine.open(weights(), configuration, contextTokens, prefillBlock);
    }

    /** Starts some empty sequences that decode together. */
    BatchSession batch(KvConfig configuration, int contextTokens, int sequences) throws IOException {
        int[] contexts = new int[sequences];
        Arrays.fill(contexts, contextTokens);
        return engine.openBatch(weights(), configuration, contexts, prefillBlock);
    }

    /** What lets it answer tasks. */
    TaskRun taskRun() {
        return new TaskRun(
                engine,
                weights(),
                model.tokenizer(),
                sample -> Prompts.raw(model, Prompts.sample(model, sample)),
                prefillBlock);
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
                store.map(WeightStore::metrics),
                device().profile(),
                Environment.current());
    }

    @Override
    public void close() {
        engine.close();
        store.ifPresent(WeightStore::close);
        model.close();
    }
}
