package io.longinfer.model.weights;

import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.DecoderWeights;
import io.longinfer.kernels.device.DecoderWeights.Layer;
import io.longinfer.kernels.device.WeightSource;
import io.longinfer.kernels.quantization.ScalarDequantizer;
import io.longinfer.kernels.quantization.WeightMatrix;
import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.budget.TierBudget;
import io.longinfer.kvcache.disk.DiskException;
import io.longinfer.kvcache.disk.ScratchFile;
import io.longinfer.kvcache.pipeline.Throttle;
import io.longinfer.model.weights.WeightMetrics.TierMetrics;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * A decoder's weights in three tiers under budgets: copies on the device, copies in the host, and a file of which nothing
 * stays in memory. What is not on the device passes through two staging buffers there. Owns all of that; the weights that it
 * was made of are not used again. Close it after its sessions, of which one computes at a time; double close is harmless.
 */
public final class WeightStore implements WeightSource, AutoCloseable {
    private final DecoderWeights weights;
    private final WeightLayout layout;
    private final WeightPlan plan;
    private final WeightConfig config;
    private final Map<Tier, TierBudget> budgets = new EnumMap<>(Tier.class);

    // Shared, because the threads of a worker pool all read the weights.
    private final Arena arena = Arena.ofShared();
    private final MemorySegment staging;
    private final MemorySegment rowBuffer;
    private final Optional<ScratchFile> file;
    private final Throttle disk;
    private final Throttle link;
    private final WeightStream stream;

    /** {@code [layers][slots]}, {@code [bands][slots]}: made once, so that a step makes nothing. */
    private final Layer[][] layers;

    private final WeightMatrix[][] outputBands;
    private final CRC32C rowCrc = new CRC32C();
    private long rowReads;

    private WeightStore(DecoderWeights weights, WeightConfig config) {
        this.weights = weights;
        this.config = config;
        layout = new WeightLayout(weights, ScratchFile.alignment(config.directory(), config.directIo()));
        plan = WeightPlan.place(layout, config.limits());
        for (Tier tier : Tier.values()) {
            budgets.put(tier, new TierBudget(tier, plan.limitBytes(tier)));
        }
        budgets.get(Tier.DEVICE).reserve(layout.vectorBytes());
        disk = throttle(config.emulatedDiskBytesPerSecond());
        link = throttle(config.emulatedLinkBytesPerSecond());
        Optional<ScratchFile> created = Optional.empty();
        try {
            staging = allocate(Tier.DEVICE, plan.stagingBytes());
            rowBuffer = allocate(Tier.DEVICE, plan.rowBufferBytes());
            long fileBytes = plan.bytes(Tier.DISK);
            if (fileBytes > 0) {
                created = Optional.of(ScratchFile.create(config.directory(), "weights", config.directIo(), fileBytes));
            }
            file = created;
            keep();
            layers = layers();
            outputBands = outputBands(layout.output());
            stream = new WeightStream(layout.streamable(), staging, plan.slotBytes(), file, disk, link);
        } catch (RuntimeException | Error e) {
            arena.close();
            created.ifPresent(ScratchFile::close);
            throw e;
        }
    }

    /**
     * Places weights: copies what lies on device and in host, writes what lies on disk.
     *
     * @param weights not used again when this returns, but for norms and biases
     * @throws WeightPlanException if the device budget is too small for any placement
     * @throws DiskException if the file cannot be written
     */
    public static WeightStore open(DecoderWeights weights, WeightConfig config) {
        return new WeightStore(weights, config);
    }

    private static Throttle throttle(long bytesPerSecond) {
        return bytesPerSecond == 0 ? Throttle.unlimited() : Throttle.ofBytesPerSecond(bytesPerSecond);
    }

    private MemorySegment allocate(Tier tier, long bytes) {
        budgets.get(tier).reserve(bytes);
        return bytes == 0 ? MemorySegment.NULL : arena.allocate(bytes, layout.alignment());
    }

    private void keep() {
        List<WeightUnit> units = new ArrayList<>(layout.streamable());
        units.addAll(layout.rowsOnly());
        long position = 0;
        WeightWriter writer = new WeightWriter(file, layout.alignment());
        for (WeightUnit unit : units) {
            if (unit.tier() == Tier.DISK) {
                budgets.get(Tier.DISK).reserve(unit.sizeBytes());
                boolean rows = unit.index() >= layout.layers().size();
                writer.write(unit, position, rows);
                position += unit.sizeBytes();
            } else {
                unit.keepIn(allocate(unit.tier(), unit.sizeBytes()));
            }
        }
    }

    private Layer[][] layers() {
        Layer[][] made = new Layer[layout.layers().size()][];
        for (int layer = 0; layer < made.length; layer++) {
            WeightUnit unit = layout.layers().get(layer);
            made[layer] = new Layer[unit.streamed() ? WeightStream.SLOTS : 1];
            for (int slot = 0; slot < made[layer].length; slot++) {
                made[layer][slot] = WeightLayout.with(weights.layer(layer), matrices(unit, slot));
            }
        }
        return made;
    }

    private WeightMatrix[][] outputBands(WeightTable output) {
        WeightMatrix[][] made = new WeightMatrix[output.bands().size()][];
        for (int band = 0; band < made.length; band++) {
            WeightUnit unit = output.bands().get(band);
            made[band] = new WeightMatrix[unit.streamed() ? WeightStream.SLOTS : 1];
            for (int slot = 0; slot < made[band].length; slot++) {
                made[band][slot] = matrices(unit, slot).getFirst();
            }
        }
        return made;
    }

    private List<WeightMatrix> matrices(WeightUnit unit, int slot) {
        return unit.streamed() ? unit.matrices(staging, slot * plan.slotBytes()) : unit.matrices(unit.memory(), 0);
    }

    @Override
    public DecoderShape shape() {
        return weights.shape();
    }

    @Override
    public Layer layer(int layer) {
        return layers[layer][stream.use(layer)];
    }

    @Override
    public Layer queryOf(int layer) {
        return layers[layer][stream.useFirst(layer)];
    }

    @Override
    public void embedding(int token, float[] target, int at) {
        row(layout.embedding(), token, target, at);
    }

    @Override
    public void position(int row, float[] target, int at) {
        row(layout.positions().orElseThrow(), row, target, at);
    }

    private void row(WeightTable table, int row, float[] target, int at) {
        WeightMatrix matrix = table.matrix();
        Objects.checkIndex(row, matrix.rows());
        WeightUnit unit = table.bands().get(row / table.bandRows());
        int rowOfBand = row % table.bandRows();
        int bytes = (int) matrix.rowBytes();
        long offset = (long) rowOfBand * bytes;
        MemorySegment from = unit.memory();
        if (unit.tier() == Tier.DISK) {
            from = rowBuffer;
            offset = readRow(unit, rowOfBand, offset, bytes);
        }
        if (unit.streamed()) {
            link.await(link.reserve(bytes));
            stream.count(0, bytes);
        }
        ScalarDequantizer.row(matrix.type(), from, offset, target, at, matrix.columns());
    }

    /** Reads the sectors around a row; returns where it begins in the buffer. */
    private long readRow(WeightUnit unit, int row, long offset, int bytes) {
        ScratchFile source = file.orElseThrow();
        int alignment = source.alignmentBytes();
        long first = offset / alignment * alignment;
        int whole = (int) (WeightUnit.padded(offset + bytes, alignment) - first);
        String name = unit.source(0).name();
        long due = disk.reserve(whole);
        source.read(rowBuffer, 0, whole, unit.filePosition(0) + first, name);
        disk.await(due);
        rowReads++;
        stream.count(whole, 0);
        rowCrc.reset();
        rowCrc.update(rowBuffer.asSlice(offset - first, bytes).asByteBuffer());
        if ((int) rowCrc.getValue() != unit.rowChecksum(row)) {
            throw source.corruption(
                    unit.filePosition(0) + offset, name + ", row " + row + " of them", unit.rowChecksum(row), (int)
                            rowCrc.getValue());
        }
        return offset - first;
    }

    @Override
    public float[] outputNorm() {
        return weights.outputNorm();
    }

    @Override
    public float[] outputNormBias() {
        return weights.outputNormBias();
    }

    @Override
    public int outputBands() {
        return outputBands.length;
    }

    @Override
    public WeightMatrix outputBand(int band) {
        return outputBands[band][stream.use(layers.length + band)];
    }

    /** Where weights lie, and what was moved since this was opened. */
    public WeightMetrics metrics() {
        List<TierMetrics> tiers = new ArrayList<>();
        for (Tier tier : Tier.values()) {
            List<WeightUnit> tables = new ArrayList<>(layout.output().bands());
            tables.addAll(layout.rowsOnly());
            List<WeightUnit> own = on(tier, layout.layers());
            List<WeightUnit> parts = on(tier, tables);
            int layerCount = own.size();
            int partCount = parts.size();
            own.addAll(parts);
            tiers.add(new TierMetrics(
                    tier,
                    layerCount,
                    partCount,
                    own.stream().mapToLong(WeightUnit::sizeBytes).sum(),
                    plan.limitBytes(tier),
                    budgets.get(tier).peakBytes()));
        }
        return new WeightMetrics(
                tiers,
                plan.stagingBytes(),
                stream.diskBytes(),
                stream.linkBytes(),
                rowReads,
                stream.stalls(),
                stream.stallNanos(),
                file.map(ScratchFile::direct).orElse(false),
                config.emulatedDiskBytesPerSecond(),
                config.emulatedLinkBytesPerSecond());
    }

    private static List<WeightUnit> on(Tier tier, List<WeightUnit> units) {
        List<WeightUnit> found = new ArrayList<>();
        for (WeightUnit unit : units) {
            if (unit.tier() == tier) {
                found.add(unit);
            }
        }
        return found;
    }

    @Override
    public void close() {
        if (!arena.scope().isAlive()) {
            return;
        }
        stream.close();
        arena.close();
        file.ifPresent(ScratchFile::close);
    }
}
