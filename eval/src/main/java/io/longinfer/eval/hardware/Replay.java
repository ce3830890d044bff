package io.longinfer.eval.hardware;

import io.longinfer.eval.hardware.machine.Machine;
import io.longinfer.eval.hardware.replay.Capacities;
import io.longinfer.eval.hardware.replay.LayerLoad;
import io.longinfer.eval.hardware.replay.PlacementReplay;
import io.longinfer.eval.hardware.replay.Scaling;
import io.longinfer.eval.hardware.timing.ModelCosts;
import io.longinfer.eval.hardware.timing.PrefillModel;
import io.longinfer.eval.hardware.timing.StepModel;
import io.longinfer.eval.hardware.timing.StepTime;
import io.longinfer.eval.hardware.timing.Workload;
import io.longinfer.eval.hardware.trace.Trace;
import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.KvPlan;
import io.longinfer.kvcache.budget.Tier;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * A trace on a machine: placed anew, made that of another shape and context if asked for, and timed. All of it is modelled. The
 * sequences of a batch are the same trace, each some steps behind the other, so that they do not all move at once.
 */
public final class Replay {
    /** Tokens of a prompt that go through the layers together on a device of its own. */
    private static final int PREFILL_BLOCK = 2048;

    private Replay() {}

    /**
     * What a trace is replayed as.
     *
     * @param shape the model's
     * @param weightBytes of one number of its matrices
     * @param contextTokens of each sequence
     * @param batch sequences
     * @param configuration of the trace's variant, budgets those of one sequence
     * @param traced the configuration that was traced
     */
    public record Target(
            DecoderShape shape,
            double weightBytes,
            int contextTokens,
            int batch,
            KvConfig configuration,
            KvConfig traced) {}

    /**
     * A modelled run.
     *
     * @param steps the measured steps of the trace, modelled
     * @param firstTokenNanos time to the first token; empty on a device that is the host's processor
     * @param deviceHitRate share of the selected chunks that lay on the device
     * @param hostHitRate share of the others that lay in the host
     * @param selectedShare share of the chunks that were selected
     */
    public record Result(
            Trace trace,
            Machine machine,
            Target target,
            KvPlan plan,
            List<StepTime> steps,
            OptionalDouble firstTokenNanos,
            double deviceHitRate,
            double hostHitRate,
            double selectedShare) {}

    /** Bytes of a shape's weights, an embedding of its own not counted. */
    public static double weightBytes(DecoderShape shape, double each) {
        return ModelCosts.bytes(shape, each);
    }

    /** Replays a trace on a machine. */
    public static Result of(Trace trace, Machine machine, Target target) {
        KvConfig configuration = target.configuration();
        KvPlan plan = KvPlan.of(target.shape(), target.contextTokens(), configuration);
        Capacities capacities = Capacities.of(
                plan, configuration, machine.hasLink(), machine.disk().blockBytes());
        DecoderShape traced = trace.header().shape();
        int fromChunks = trace.header().contextTokens() / ChunkLayout.TOKENS;
        Capacities atTrace = capacities.scaled(
                (long) plan.chunksPerHead()
                        * target.shape().kvHeads()
                        * target.shape().layers(),
                (long) fromChunks * traced.kvHeads() * traced.layers(),
                traced.kvHeads());
        Scaling scaling = new Scaling(
                KvPlan.of(traced, trace.header().contextTokens(), target.traced()),
                plan,
                configuration.selection().firstLayers());
        List<List<LayerLoad>> loads = PlacementReplay.of(trace, configuration, atTrace).stream()
                .map(scaling::of)
                .toList();
        Workload work = new Workload(
                target.shape(), target.weightBytes(), trace.header().variant(), plan, capacities.records());
        StepModel model =
                new StepModel(machine, work, target.batch(), (double) target.batch() * plan.bytes(Tier.DEVICE));
        List<StepTime> times = new ArrayList<>();
        for (int step = 0; step < loads.size(); step++) {
            List<List<LayerLoad>> batch = new ArrayList<>();
            for (int sequence = 0; sequence < target.batch(); sequence++) {
                batch.add(loads.get((step + sequence) % loads.size()));
            }
            times.add(model.step(batch));
        }
        return result(trace, machine, target, work, loads, times);
    }

    private static Result result(
            Trace trace,
            Machine machine,
            Target target,
            Workload work,
            List<List<LayerLoad>> loads,
            List<StepTime> times) {
        double closed = 0;
        double selected = 0;
        double device = 0;
        double host = 0;
        for (LayerLoad load : loads.stream().flatMap(List::stream).toList()) {
            closed += load.closed();
            selected += load.selected();
            device += load.deviceHits();
            host += load.hostHits();
        }
        OptionalDouble first = machine.device().isHost()
                ? OptionalDouble.empty()
                : OptionalDouble.of(PrefillModel.nanos(
                        machine,
                        work,
                        target.batch(),
                        target.contextTokens(),
                        PREFILL_BLOCK,
                        share(work.plan().deviceChunks(), work.plan()),
                        share(work.plan().hostChunks(), work.plan())));
        return new Result(
                trace,
                machine,
                target,
                work.plan(),
                List.copyOf(times),
                first,
                selected == 0 ? 1 : device / selected,
                selected == device ? 1 : host / (selected - device),
                closed == 0 ? 0 : selected / closed);
    }

    private static double share(int chunks, KvPlan plan) {
        double all = (double) plan.chunksPerHead()
                * plan.shape().kvHeads()
                * plan.shape().layers();
        return all == 0 ? 1 : Math.min(1, chunks / all);
    }
}
