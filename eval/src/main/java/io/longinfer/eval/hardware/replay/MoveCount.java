package io.longinfer.eval.hardware.replay;

/** Counts chunks that are brought together, and the reads that this takes. Not thread-safe. */
final class MoveCount {
    private final RecordGeometry records;
    private final RecordGeometry.Runs runs;
    private long fromHost;
    private long fromDisk;
    private long prefixes;

    MoveCount(RecordGeometry records) {
        this.records = records;
        runs = records.new Runs();
    }

    void fromHost() {
        fromHost++;
    }

    void fromDisk(int id, boolean prefixOnly) {
        if (prefixOnly) {
            prefixes++;
        } else {
            fromDisk++;
        }
        runs.add(id, prefixOnly);
    }

    /** What comes is not read together with what came so far. */
    void endBatch() {
        runs.endBatch();
    }

    Moves moves() {
        Moves plain = new Moves(fromHost, fromDisk, prefixes, 0, 0);
        return new Moves(fromHost, fromDisk, prefixes, runs.operations(), runs.bytes() - plain.diskBytes(records));
    }
}
