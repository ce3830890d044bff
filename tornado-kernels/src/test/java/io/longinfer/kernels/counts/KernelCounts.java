package io.longinfer.kernels.counts;

import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * Prints a table of what the device kernels cost on the emulator of a GPU that {@code CUDA_EMU_REPORT} makes write a report. An
 * argument, a pattern, picks rows.
 */
public final class KernelCounts {
    private KernelCounts() {}

    /** Runs all kernels, or those whose rows match the first argument. */
    public static void main(String[] arguments) {
        String report = System.getenv("CUDA_EMU_REPORT");
        if (report == null) {
            System.err.println("CUDA_EMU_REPORT names no file for the emulator's report; see scripts/kernel-counts.sh");
            System.exit(2);
        }
        Pattern wanted = Pattern.compile(arguments.length == 0 ? "" : arguments[0]);
        CountTable table = new CountTable(new EmulatorReport(Path.of(report)), wanted, System.out);
        table.head();
        for (ModelShape model : new ModelShape[] {ModelShape.SMOLLM2, ModelShape.LARGE}) {
            new ProductCounts(table, model).add();
            new AttentionCounts(table, model).add();
            new ChunkCounts(table, model).add();
            new RowCounts(table, model).add();
        }
    }
}
