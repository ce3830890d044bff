package io.longinfer.eval.hardware.replay;

/**
 * Chunks that are brought to the device together.
 *
 * @param fromHost records copied from the host
 * @param fromDisk whole records read from disk
 * @param prefixes records of which only the first part is read
 * @param operations reads of the disk
 * @param gapBytes bytes read between records
 */
public record Moves(double fromHost, double fromDisk, double prefixes, double operations, double gapBytes) {
    /** None. */
    public static final Moves NONE = new Moves(0, 0, 0, 0, 0);

    /** Chunks in all. */
    public double chunks() {
        return fromHost + fromDisk + prefixes;
    }

    /** These and others. */
    public Moves plus(Moves other) {
        return new Moves(
                fromHost + other.fromHost,
                fromDisk + other.fromDisk,
                prefixes + other.prefixes,
                operations + other.operations,
                gapBytes + other.gapBytes);
    }

    /** So many times these. */
    public Moves times(double factor) {
        return factor == 1
                ? this
                : new Moves(
                        fromHost * factor,
                        fromDisk * factor,
                        prefixes * factor,
                        operations * factor,
                        gapBytes * factor);
    }

    /** Bytes that the disk reads. */
    public double diskBytes(RecordGeometry records) {
        return fromDisk * records.readBytes(false) + prefixes * records.readBytes(true) + gapBytes;
    }

    /** Bytes of the records that arrive from the disk. */
    public double arrivingBytes(RecordGeometry records) {
        return fromDisk * records.recordBytes() + prefixes * records.prefixBytes();
    }

    /** Bytes of the records copied from the host. */
    public double hostBytes(RecordGeometry records) {
        return fromHost * records.recordBytes();
    }
}
