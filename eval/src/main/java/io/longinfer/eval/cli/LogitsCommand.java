package io.longinfer.eval.cli;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.jr.ob.JSON;
import io.longinfer.eval.report.LogitsWriter;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.selection.SelectorKind;
import io.longinfer.model.generation.InferenceSession;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code longinfer logits}: the model's logits for given tokens, to compare with any other engine. */
@Command(
        name = "logits",
        description = {
            "Computes the logits of given token ids and writes an object with ids, logits (of the last token, over the"
                    + " whole vocabulary) and nll (the negative log-likelihood of each following token).",
            "Attention is full unless an option about selecting is given, --ratio for example, which means quest. As in"
                    + " generate, selecting concerns decoding only: the last --decode tokens are fed one by one, the"
                    + " others in blocks."
        })
final class LogitsCommand implements Callable<Integer> {
    @ParentCommand
    private LongInfer parent;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "MODEL", description = "A name, or the path of a GGUF file.")
    private String model;

    @Option(names = "--ids-file", required = true, paramLabel = "FILE", description = "A JSON array of token ids.")
    private Path idsFile;

    @Option(names = "--json", required = true, paramLabel = "OUT", description = "The file to write.")
    private Path json;

    @Option(names = "--all", description = "Also writes every position's logits, as all_logits.")
    private boolean all;

    @Option(
            names = "--decode",
            paramLabel = "N",
            converter = Converters.Natural.class,
            defaultValue = "1",
            description = "Tokens at the end that are fed one by one, as decoding does. Default: ${DEFAULT-VALUE}.")
    private int decode;

    @Mixin
    private KvOptions kv;

    @Mixin
    private DeviceOptions device;

    @Override
    public Integer call() throws IOException {
        int[] ids = ids();
        int context = kv.context(ids.length);
        if (ids.length > context) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--context " + context + " is less than the " + ids.length + " ids of " + idsFile);
        }
        try (LoadedModel loaded = LoadedModel.open(model, device)) {
            int vocabulary = loaded.model().shape().vocabulary();
            for (int id : ids) {
                if (id < 0 || id >= vocabulary) {
                    throw new IOException(idsFile + ": id " + id + " found, 0 to " + (vocabulary - 1) + " expected");
                }
            }
            try (InferenceSession session = loaded.session(configuration(), context);
                    LogitsWriter writer = new LogitsWriter(json, ids, all)) {
                PrefillProgress progress = new PrefillProgress(parent.streams());
                session.forEachPosition(ids, Math.max(0, ids.length - decode), (index, logits) -> {
                    writer.position(index, logits);
                    progress.read(index + 1, ids.length);
                });
                writer.finish();
            }
        }
        return 0;
    }

    private KvConfig configuration() {
        SelectorKind usual = kv.selects() ? SelectorKind.QUEST : SelectorKind.FULL;
        return kv.config(KvConfig.defaults().toBuilder().selector(usual).build());
    }

    private int[] ids() throws IOException {
        List<Object> numbers;
        try {
            numbers = JSON.std.listFrom(Files.readString(idsFile));
        } catch (JacksonException malformed) {
            throw new IOException(idsFile + ": no JSON array of token ids", malformed);
        }
        if (numbers == null || numbers.isEmpty()) {
            throw new IOException(idsFile + ": no token ids found, at least one expected");
        }
        int[] ids = new int[numbers.size()];
        for (int index = 0; index < ids.length; index++) {
            if (!(numbers.get(index) instanceof Integer id)) {
                throw new IOException(
                        idsFile + ": " + numbers.get(index) + " found at index " + index + ", a token id expected");
            }
            ids[index] = id;
        }
        return ids;
    }
}
