package io.longinfer.kvcache.disk;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.zip.CRC32C;

/** One read of neighbouring records of a batch, into a piece of the queue's buffer. Reused; used by one thread at a time. */
final class ReadOperation {
    private final MemorySegment buffer;
    private final ByteBuffer view;
    private final CRC32C crc = new CRC32C();
    private final int index;

    private ReadBatch batch;
    private int first;
    private int end;
    private int count;
    private long at;
    private int bytes;
    private long piece;
    private long offset;
    private long due;

    ReadOperation(int index, MemorySegment buffer) {
        this.index = index;
        this.buffer = buffer;
        view = buffer.asByteBuffer();
    }

    /** Entries {@code first} to before {@code end} of a batch, {@code count} of which were started by this. */
    void set(ReadBatch batch, int first, int end, int count) {
        this.batch = batch;
        this.first = first;
        this.end = end;
        this.count = count;
        at = batch.start(first);
    }

    /** Where its bytes are put, and from when they may be used. */
    void place(long piece, long offset, int bytes, long due) {
        this.piece = piece;
        this.offset = offset;
        this.bytes = bytes;
        this.due = due;
    }

    /** Its number among the queue's operations. */
    int index() {
        return index;
    }

    ReadBatch batch() {
        return batch;
    }

    int count() {
        return count;
    }

    long piece() {
        return piece;
    }

    BlockFile file() {
        return batch.store().file();
    }

    long at() {
        return at;
    }

    int bytes() {
        return bytes;
    }

    long address() {
        return buffer.address() + offset;
    }

    long due() {
        return due;
    }

    /** Reads what is missing after the first {@code done} bytes; what goes wrong belongs to the batch, not to the thread. */
    Optional<RuntimeException> read(int done) {
        try {
            file().read(buffer, offset, bytes, at, done, file().geometry().describe(batch.block(first)));
            return Optional.empty();
        } catch (RuntimeException e) {
            return Optional.of(e);
        }
    }

    /** Verifies the records and hands them over. */
    Optional<RuntimeException> deliver() {
        try {
            DiskStore store = batch.store();
            store.counters().read(bytes, count);
            RecordTable records = store.records();
            for (int i = first; i < end; i++) {
                if (batch.started(i)) {
                    int block = batch.block(i);
                    long place = offset + batch.start(i) - at;
                    records.verify(block, batch.prefixOnly(i), crc, view, (int) place, file().path());
                    batch.deliver(i, buffer, place, records.prefixLength(block), records.length(block));
                }
            }
            return Optional.empty();
        } catch (RuntimeException e) {
            return Optional.of(e);
        } catch (Error e) {
            return Optional.of(new IllegalStateException("a reader of the disk tier failed", e));
        }
    }
}
