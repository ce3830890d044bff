package io.longinfer.eval.hardware.replay;

import io.longinfer.kvcache.CodecChooser;
import io.longinfer.kvcache.KvConfig;
import io.longinfer.kvcache.KvPlan;
import io.longinfer.kvcache.codec.Codec;
import io.longinfer.kvcache.pipeline.ReadAheadMode;

/**
 * What placement has to work with.
 *
 * @param deviceChunks chunks that the device keeps
 * @param passingSlots device slots on top
 * @param unitChunks most chunks attended at once
 * @param hostChunks chunks that the host keeps
 * @param keepsRecords whether what comes from the disk may stay in the host
 * @param backed whether the disk has every chunk
 * @param codec of records
 * @param coarseMass share of an average chunk's mass below which int8 records are read as int4
 * @param readsAhead whether guesses are read ahead
 * @param linkedHost whether what lies in the host is read ahead too, as where a link to the device takes its time
 * @param records bytes of records
 */
public record Capacities(
        int deviceChunks,
        int passingSlots,
        int unitChunks,
        int hostChunks,
        boolean keepsRecords,
        boolean backed,
        Codec codec,
        double coarseMass,
        boolean readsAhead,
        boolean linkedHost,
        RecordGeometry records) {
    /**
     * Those of a plan.
     *
     * @param blockBytes what reads of the disk are aligned to; 0 for what the plan says of the disk that is here
     */
    public static Capacities of(KvPlan plan, KvConfig config, boolean linkedHost, int blockBytes) {
        KvConfig.CodecChoice choice = CodecChooser.choose(config).codecChoice();
        Codec codec = choice.codec().orElseThrow();
        boolean backed = plan.mode() == KvPlan.Mode.DISK;
        return new Capacities(
                plan.deviceChunks(),
                plan.passingSlots(),
                plan.unitChunks(),
                plan.hostChunks(),
                plan.hostPassingSlots() > 0,
                backed,
                codec,
                choice.coarseMass(),
                config.readAhead() != ReadAheadMode.NEVER && (backed || linkedHost),
                linkedHost,
                RecordGeometry.of(
                        plan.shape().headDim(),
                        codec,
                        config.abstractPrecision().groupBytes(plan.shape().headDim()),
                        blockBytes > 0 ? blockBytes : Math.max(1, plan.disk().alignmentBytes()),
                        Math.max(1, plan.disk().operationBytes())));
    }

    /** The same shares of fewer or more chunks: {@code to} in all in place of {@code from}; slots keep at least {@code kvHeads}. */
    public Capacities scaled(long from, long to, int kvHeads) {
        if (from == to) {
            return this;
        }
        int scaledPassing = passingSlots == 0 ? 0 : Math.max(3 * kvHeads, share(passingSlots, from, to));
        return new Capacities(
                share(deviceChunks, from, to),
                scaledPassing,
                Math.max(kvHeads, share(unitChunks, from, to)),
                share(hostChunks, from, to),
                keepsRecords,
                backed,
                codec,
                coarseMass,
                readsAhead,
                linkedHost,
                records);
    }

    private static int share(int chunks, long from, long to) {
        return Math.toIntExact(Math.round((double) chunks / from * to));
    }
}
