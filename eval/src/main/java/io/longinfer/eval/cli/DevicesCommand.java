package io.longinfer.eval.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import io.longinfer.eval.report.JsonTree;
import io.longinfer.eval.report.Table;
import io.longinfer.kernels.device.DeviceProfile;
import io.longinfer.kernels.device.tornado.TornadoDevices;
import io.longinfer.kernels.device.tornado.TornadoUnavailableException;
import io.longinfer.kvcache.ByteSize;
import io.longinfer.model.generation.Engine;
import java.io.IOException;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code longinfer devices}: what there is to compute on. */
@Command(name = "devices", description = "Lists the processor and the devices that TornadoVM finds.")
final class DevicesCommand implements Callable<Integer> {
    @ParentCommand
    private LongInfer parent;

    @Option(names = "--json", description = "One JSON object instead of text.")
    private boolean json;

    /** What TornadoVM says: its devices, or why there are none. */
    private record Found(List<TornadoDevices.Found> devices, String problem) {}

    @Override
    public Integer call() throws IOException {
        DeviceProfile cpu;
        try (Engine engine = Engine.cpu(Runtime.getRuntime().availableProcessors())) {
            cpu = engine.device().profile();
        }
        Found found = tornado();
        PrintStream out = parent.streams().out();
        if (json) {
            Map<String, Object> tree = new LinkedHashMap<>();
            tree.put("cpu", JsonTree.of(cpu));
            tree.put("tornado", JsonTree.of(found.devices));
            tree.put("problem", found.problem);
            out.println(JSON.std.asString(tree));
        } else {
            print(cpu, found, out);
        }
        parent.streams().requireOpen();
        return 0;
    }

    private static Found tornado() {
        try {
            return new Found(TornadoDevices.list(), "");
        } catch (TornadoUnavailableException e) {
            return new Found(List.of(), e.getMessage());
        }
    }

    private static void print(DeviceProfile cpu, Found found, PrintStream out) {
        Table table = new Table().row("--backend", "--device", "name", "type", "memory", "largest array");
        table.row("cpu", "", cpu.name(), "cpu", "", "");
        for (TornadoDevices.Found device : found.devices) {
            table.row(
                    device.supported() ? "tornado" : "(no kernels)",
                    device.id(),
                    device.name() + ", " + device.platform(),
                    device.type(),
                    ByteSize.format(device.memoryBytes()),
                    ByteSize.format(device.allocationBytes()));
        }
        out.print(table);
        if (!found.problem.isEmpty()) {
            out.println("no device of TornadoVM: " + found.problem);
        }
    }
}
