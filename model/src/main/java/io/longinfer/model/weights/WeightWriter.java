package io.longinfer.model.weights;

import io.longinfer.kernels.quantization.WeightMatrix;
import io.longinfer.kvcache.disk.ScratchFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.zip.CRC32C;

/** Writes units to the file and notes their checksums. Not thread-safe. */
final class WeightWriter {
    private static final int PIECE_BYTES = 1 << 20;

    private final Optional<ScratchFile> file;
    private final int alignment;

    WeightWriter(Optional<ScratchFile> file, int alignment) {
        this.file = file;
        this.alignment = alignment;
    }

    /**
     * Writes a unit.
     *
     * @param rows whether single rows of it are read, and so have checksums of their own
     */
    void write(WeightUnit unit, long position, boolean rows) {
        unit.keepAt(position);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(WeightUnit.padded(PIECE_BYTES, alignment), alignment);
            for (int part = 0; part < unit.parts(); part++) {
                write(unit, part, buffer);
            }
        }
        if (rows) {
            unit.rowChecksums(rowChecksums(unit.source(0)));
        }
    }

    private void write(WeightUnit unit, int part, MemorySegment buffer) {
        WeightMatrix matrix = unit.source(part);
        long bytes = matrix.data().byteSize();
        CRC32C crc = new CRC32C();
        for (long done = 0; done < bytes; done += PIECE_BYTES) {
            int piece = (int) Math.min(PIECE_BYTES, bytes - done);
            MemorySegment.copy(matrix.data(), done, buffer, 0, piece);
            crc.update(buffer.asSlice(0, piece).asByteBuffer());
            int whole = (int) WeightUnit.padded(piece, alignment);
            buffer.asSlice(piece, whole - piece).fill((byte) 0);
            file.orElseThrow().write(buffer, 0, whole, unit.filePosition(part) + done, matrix.name());
        }
        unit.checksum(part, (int) crc.getValue());
    }

    private static int[] rowChecksums(WeightMatrix matrix) {
        int[] checksums = new int[matrix.rows()];
        CRC32C crc = new CRC32C();
        for (int row = 0; row < checksums.length; row++) {
            crc.reset();
            crc.update(matrix.data()
                    .asSlice(row * matrix.rowBytes(), matrix.rowBytes())
                    .asByteBuffer());
            checksums[row] = (int) crc.getValue();
        }
        return checksums;
    }
}
