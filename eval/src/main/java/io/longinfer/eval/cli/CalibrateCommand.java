package io.longinfer.eval.cli;

import io.longinfer.eval.comparison.Prefix;
import io.longinfer.eval.hardware.machine.Calibration;
import io.longinfer.eval.hardware.machine.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code longinfer calibrate}: this machine's figures for one model. */
@Command(
        name = "calibrate",
        description = {
            "Measures this machine for longinfer replay, with one model: what its weights, attending, and scoring cost with all KV on"
                    + " the device, how fast records are copied and decoded, and how fast the disk is. Writes a YAML file."
        })
final class CalibrateCommand implements Callable<Integer> {
    @ParentCommand
    private LongInfer parent;

    @Mixin
    private ModelOption model;

    @Option(
            names = "--tokens",
            paramLabel = "N",
            converter = Converters.Positive.class,
            defaultValue = "2000",
            description = "Length of the document. Default: ${DEFAULT-VALUE}.")
    private int tokens;

    @Option(
            names = "--steps",
            paramLabel = "N",
            converter = Converters.Positive.class,
            defaultValue = "16",
            description = "Measured steps of each run. Default: ${DEFAULT-VALUE}.")
    private int steps;

    @Option(
            names = "--warmup",
            paramLabel = "N",
            converter = Converters.Natural.class,
            defaultValue = "8",
            description = "Steps before them. Default: ${DEFAULT-VALUE}.")
    private int warmUp;

    @Mixin
    private SeedOption seed;

    @Mixin
    private DeviceOptions device;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE",
            required = true,
            description = "The YAML file.")
    private Path out;

    @Override
    public Integer call() throws IOException {
        try (LoadedModel loaded = LoadedModel.open(model.model, device)) {
            try (Prefix prefix = Prefix.read(
                    loaded.engine(),
                    loaded.weights(),
                    List.of(Prompts.document(loaded.model(), tokens, seed.seed)),
                    warmUp + steps,
                    warmUp + steps,
                    loaded.prefillBlock(),
                    new PrefillProgress(parent.streams()))) {
                Machine machine = new Calibration(prefix, loaded.model().shape(), warmUp, steps)
                        .measure("this machine, calibrated with " + model.model + " at " + tokens + " tokens");
                Files.writeString(out, Calibration.yaml(machine));
                parent.streams().out().print(Calibration.yaml(machine));
                parent.streams().requireOpen();
            }
        }
        return 0;
    }
}
