package io.longinfer.eval.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import io.longinfer.eval.report.JsonTree;
import io.longinfer.eval.report.Table;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kvcache.ByteSize;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.KvPlan;
import io.longinfer.kvcache.budget.Tier;
import io.longinfer.model.catalog.ModelCatalog;
import io.longinfer.model.gguf.GgufFile;
import io.longinfer.model.llama.LlamaLoader;
import java.io.IOException;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code longinfer plan}: what would lie where. */
@Command(
        name = "plan",
        description = {
            "Shows what of the KV would lie where for a model, a context and budgets, allocating nothing.",
            "If it does not fit, says so, names the option to change and exits with 1."
        })
final class PlanCommand implements Callable<Integer> {
    @ParentCommand
    private LongInfer parent;

    @Mixin
    private ModelOption model;

    @Mixin
    private KvOptions kv;

    @Option(names = "--json", description = "One JSON object instead of a table.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        try (GgufFile file = GgufFile.open(ModelCatalog.resolve(model.model))) {
            DecoderShape shape = LlamaLoader.shape(file);
            int context = kv.context(shape.contextTokens());
            KvConfig config = kv.config(KvConfig.defaults(), shape, context, 1);
            KvPlan plan = KvPlan.of(shape, context, config);
            PrintStream out = parent.streams().out();
            if (json) {
                Map<String, Object> tree = new LinkedHashMap<>();
                tree.put("model", file.path().toString());
                tree.put("configuration", JsonTree.of(config));
                tree.put("plan", JsonTree.of(plan));
                out.println(JSON.std.asString(tree));
            } else {
                print(plan, config, out);
            }
            parent.streams().requireOpen();
        }
        return 0;
    }

    private static void print(KvPlan plan, KvConfig config, PrintStream out) {
        long perToken = plan.shape().kvBytesPerToken();
        out.println(plan.contextTokens() + " tokens of " + perToken + " bytes, "
                + ByteSize.format(perToken * plan.contextTokens()) + " of KV in all");
        Table table = new Table().row("tier", "what", "size", "tokens");
        for (KvPlan.Row row : plan.rows()) {
            table.row(name(row.tier()), row.what(), ByteSize.format(row.bytes()), row.tokens());
        }
        out.print(table);
        out.println();
        Table sums = new Table().row("tier", "planned", "budget");
        for (Tier tier : Tier.values()) {
            sums.row(name(tier), ByteSize.format(plan.bytes(tier)), ByteSize.format(budget(config, tier)));
        }
        out.print(sums);
    }

    private static long budget(KvConfig config, Tier tier) {
        return switch (tier) {
            case DEVICE -> config.deviceBudgetBytes();
            case HOST -> config.hostBudgetBytes();
            case DISK -> config.diskBudgetBytes();
        };
    }

    private static String name(Tier tier) {
        return tier.name().toLowerCase(Locale.ROOT);
    }
}
