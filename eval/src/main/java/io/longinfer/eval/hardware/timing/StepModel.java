package io.longinfer.eval.hardware.timing;

import io.longinfer.eval.hardware.machine.Machine;
import io.longinfer.eval.hardware.replay.LayerLoad;
import io.longinfer.eval.hardware.replay.Moves;
import io.longinfer.eval.hardware.timing.Transfers.Transfer;
import io.longinfer.kvcache.abstracts.Placement;
import java.util.List;

/**
 * The time line of decoding steps, as the cache's pipeline orders them: a layer projects, all sequences select and start their reads,
 * all read ahead for the next layer, and each attends, unit by unit, two units in flight; then the layer is finished. Disk, decoder and
 * link are first come first served. Nanoseconds. Not thread-safe.
 */
public final class StepModel {
    private static final int UNITS_IN_FLIGHT = 2;

    private final Machine machine;
    private final Workload work;
    private final ModelCosts costs;
    private final int batch;
    private final Transfers transfers;
    private final double streamedShare;
    private final Ahead[] aheads;

    /** {@code [batch]}: when the abstracts that pass through memory are there for the next layer. */
    private final double[] abstractsReady;

    private double now;
    private double stalled;

    /** What was read ahead for a sequence's next layer. */
    private record Ahead(Transfer transfer, Moves all, int layer) {}

    /**
     * A machine at rest.
     *
     * @param kvBytes bytes of the device that KV takes, all sequences together; weights have the rest
     */
    public StepModel(Machine machine, Workload work, int batch, double kvBytes) {
        this.machine = machine;
        this.work = work;
        this.batch = batch;
        costs = new ModelCosts(machine, work.shape(), work.weightBytes());
        transfers = new Transfers(
                machine, work.records(), (double) batch * work.plan().disk().readBytes());
        streamedShare = costs.streamedShare(kvBytes);
        aheads = new Ahead[batch];
        abstractsReady = new double[batch];
    }

    /**
     * Takes one token of each sequence through the layers.
     *
     * @param loads {@code [batch][layers]}
     */
    public StepTime step(List<List<LayerLoad>> loads) {
        double begin = now;
        double stalledBefore = stalled;
        double[] before = counts();
        int layers = work.shape().layers();
        double weightsReady = now;
        for (int layer = 0; layer < layers; layer++) {
            waitFor(weightsReady);
            weightsReady = transfers.carryWeights(streamedShare * costs.layerBytes(), now);
            layer(layer, loads, layer + 1 < layers);
        }
        now += costs.product(ModelCosts.outputWeights(work.shape()), batch)
                + machine.device().stepNanos();
        double[] after = counts();
        return new StepTime(
                now - begin,
                stalled - stalledBefore,
                after[0] - before[0],
                after[1] - before[1],
                after[2] - before[2],
                after[3] - before[3],
                after[4] - before[4]);
    }

    private double[] counts() {
        return new double[] {
            transfers.diskBusy(),
            transfers.linkBusy(),
            transfers.diskBytes(),
            transfers.diskOperations(),
            transfers.linkBytes()
        };
    }

    private void layer(int layer, List<List<LayerLoad>> loads, boolean hasNext) {
        now += costs.product(ModelCosts.projectWeights(work.shape()), batch)
                + machine.device().layerNanos();
        Units[] units = new Units[batch];
        for (int sequence = 0; sequence < batch; sequence++) {
            units[sequence] = prepare(sequence, layer, loads.get(sequence));
        }
        if (hasNext) {
            readAhead(layer + 1, loads);
        }
        for (Units sequence : units) {
            sequence.attend();
        }
        now += costs.product(ModelCosts.finishWeights(work.shape()), batch);
        for (int sequence = 0; sequence < batch; sequence++) {
            keep(loads.get(sequence).get(layer));
        }
    }

    private Units prepare(int sequence, int layer, List<LayerLoad> layers) {
        LayerLoad load = layers.get(layer);
        boolean pass = work.plan().passingLeaves() > 0;
        if (pass) {
            waitFor(abstractsReady[sequence]);
        }
        now += scoring(layer, load);
        if (!pass) {
            waitFor(readAbstracts(load));
        }
        double aheadReady = now;
        Ahead ahead = aheads[sequence];
        if (ahead != null && ahead.layer() == layer) {
            double sooner = transfers.drop(ahead.transfer(), ahead.all(), load.wasted(), now);
            aheadReady = ahead.transfer().ready() - sooner;
        }
        aheads[sequence] = null;
        Units units = new Units(load, aheadReady);
        units.start();
        if (pass) { // for the next layer, or the next step
            abstractsReady[sequence] = readAbstracts(layers.get((layer + 1) % layers.size()));
        }
        return units;
    }

    private double readAbstracts(LayerLoad load) {
        return transfers.readAbstracts(load.abstractReadBytes(), work.shape().kvHeads(), now);
    }

    /** A search of abstracts where they lie. */
    private double scoring(int layer, LayerLoad load) {
        boolean onDevice = work.plan()
                        .layers()
                        .get(Math.min(layer, work.plan().layers().size() - 1))
                        .abstracts()
                == Placement.DEVICE;
        double rate = onDevice && !machine.device().isHost()
                ? machine.device().scoringBandwidth()
                : machine.host().scoringBandwidth(work.variant());
        return 1e9 * load.scoredBytes() / rate;
    }

    private void readAhead(int next, List<List<LayerLoad>> loads) {
        boolean queries = false;
        for (int sequence = 0; sequence < batch; sequence++) {
            LayerLoad load = loads.get(sequence).get(next);
            queries |= load.guessed() && load.scoredBytes() > 0;
        }
        if (queries) {
            now += costs.product(costs.queryWeights(), batch);
        }
        for (int sequence = 0; sequence < batch; sequence++) {
            LayerLoad load = loads.get(sequence).get(next);
            if (load.guessed()) {
                now += scoring(next, load);
                Moves all = load.ahead().plus(load.wasted());
                Transfer transfer = transfers.bring(all, now);
                now = transfer.issued();
                aheads[sequence] = new Ahead(transfer, all, next);
            }
        }
    }

    /** Copies what has to leave the device to the host. */
    private void keep(LayerLoad load) {
        if (machine.device().isHost()) {
            now += 1e9
                    * load.kept()
                    * work.records().chunkBytes()
                    / machine.host().bandwidth();
        }
    }

    private void waitFor(double time) {
        if (time > now) {
            stalled += time - now;
            now = time;
        }
    }

    /** What one sequence attends of the layer at hand, unit by unit. */
    private final class Units {
        private final LayerLoad load;
        private final double aheadReady;
        private final int count;
        private final double[] ready;
        private final double missesEach;

        Units(LayerLoad load, double aheadReady) {
            this.load = load;
            this.aheadReady = aheadReady;
            count = (int) Math.max(1, Math.ceil(load.selected() / work.plan().unitChunks() - 1e-9));
            ready = new double[count];
            missesEach = (load.demand().chunks() + load.ahead().chunks()) / count;
        }

        /** Of a unit's misses, those that were read ahead: the first chunks are. */
        private double ofAhead(int unit) {
            return Math.clamp(load.ahead().chunks() - unit * missesEach, 0, missesEach);
        }

        void start() {
            for (int unit = 0; unit < Math.min(UNITS_IN_FLIGHT, count); unit++) {
                start(unit);
            }
        }

        private void start(int unit) {
            double onDemand = load.demand().chunks();
            double share = onDemand == 0 ? 0 : (missesEach - ofAhead(unit)) / onDemand;
            Transfer transfer = transfers.bring(load.demand().times(share), now);
            now = transfer.issued();
            ready[unit] = transfer.ready();
        }

        void attend() {
            double attention = costs.attention(load.tokens()) / count;
            for (int unit = 0; unit < count; unit++) {
                waitFor(ofAhead(unit) > 0 ? Math.max(ready[unit], aheadReady) : ready[unit]);
                now += attention;
                if (unit + UNITS_IN_FLIGHT < count) {
                    start(unit + UNITS_IN_FLIGHT);
                }
            }
        }
    }
}
