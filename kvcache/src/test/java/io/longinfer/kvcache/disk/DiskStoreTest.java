package io.longinfer.kvcache.disk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.budget.TierBudget;
import io.longinfer.kvcache.budget.TierBudgetException;
import io.longinfer.kvcache.disk.DiskIo.Backend;
import io.longinfer.kvcache.pipeline.Throttle;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(
        value = Backend.class,
        names = {"URING", "THREADS"})
class DiskStoreTest {
    @Parameter
    Backend backend;

    @TempDir
    Path directory;

    private final TierBudget budget = new TierBudget(Tier.DISK, 64 << 20);
    private final List<DiskIo> opened = new ArrayList<>();

    private DiskGeometry geometry(int recordBytes) {
        return new DiskGeometry(2, 3, 40, 3, recordBytes, recordBytes, DiskStore.alignment(directory));
    }

    private DiskIo io(int depth, int largestBytes) {
        DiskIo io = Engines.open(
                DiskIo.Options.of(backend).withDepth(depth).withBuffer(largestBytes, (long) depth * largestBytes));
        opened.add(io);
        return io;
    }

    @AfterEach
    void closeEngines() {
        opened.forEach(DiskIo::close);
    }

    private DiskStore open(DiskGeometry geometry, DirectIo mode, int ring, int depth, int run) {
        int slot = geometry.largestStrideBytes();
        return DiskStore.open(
                geometry, options(geometry, directory, mode, ring), budget, io(depth, Math.max(4096, run * slot)));
    }

    private static DiskStore.Options options(DiskGeometry geometry, Path where, DirectIo mode, int ring) {
        return new DiskStore.Options(where, mode, geometry.fileBytes(), (long) ring * geometry.largestStrideBytes());
    }

    private static MemorySegment block(int block, int bytes) {
        byte[] content = new byte[bytes];
        new Random(block).nextBytes(content);
        return MemorySegment.ofArray(content);
    }

    private static void append(DiskStore store, int block) {
        int bytes = store.geometry().recordBytes();
        store.append(block, block(block, bytes), 0, bytes / 2, bytes);
    }

    private static void fill(DiskStore store) {
        for (int block = 0; block < store.geometry().blocks(); block++) {
            append(store, block);
        }
    }

    /** Reads blocks, and checks each against what was written. */
    private static void readAndCompare(DiskStore store, int... blocks) {
        ConcurrentHashMap<Integer, byte[]> found = new ConcurrentHashMap<>();
        int bytes = store.geometry().recordBytes();
        ReadBatch batch = new ReadBatch((tag, source, offset, prefixLength, length) ->
                found.put(tag, source.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE)));
        batch.clear();
        for (int block : blocks) {
            batch.add(block, block);
        }
        store.submit(batch);
        store.await(batch);
        for (int block : blocks) {
            assertArrayEquals(block(block, bytes).toArray(ValueLayout.JAVA_BYTE), found.get(block), "block " + block);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "4096, AUTO, 16, 4, 8",
        "4096, OFF, 1, 1, 1",
        "1000, AUTO, 7, 3, 2",
        "2560, AUTO, 7, 64, 3",
        "6144, AUTO, 300, 8, 4",
        "512, OFF, 5, 2, 64"
    })
    void comesBackAsItWasWritten(int recordBytes, DirectIo mode, int ring, int depth, int run) {
        try (DiskStore store = open(geometry(recordBytes), mode, ring, depth, run)) {
            fill(store);
            int blocks = store.geometry().blocks();
            int[] all = new Random(1).ints(4L * blocks, 0, blocks).distinct().toArray();
            readAndCompare(store, all);
            Arrays.sort(all);
            readAndCompare(store, all);
            long stride = store.geometry().chunkStrideBytes();
            assertTrue(all.length * 2L * stride <= store.counters().readBytes());
            assertEquals(all.length * 2L, store.counters().readRecords());
            assertEquals(blocks * stride, store.counters().writtenBytes());
            assertEquals(blocks, store.counters().writtenRecords());
            assertTrue(run == 1 || store.counters().readOperations() < 2L * all.length, "no run was read at once");
        }
    }

    @Test
    void aBlockIsReadRightAfterItWasAppended() {
        try (DiskStore store = open(geometry(4096), DirectIo.AUTO, 64, 4, 8)) {
            for (int block = 0; block < store.geometry().blocks(); block++) {
                append(store, block);
                readAndCompare(store, block, block / 2);
            }
        }
    }

    @Test
    void twoBatchesAreReadAtOnce() {
        try (DiskStore store = open(geometry(4096), DirectIo.AUTO, 64, 4, 2)) {
            fill(store);
            int[] count = new int[2];
            for (int round = 0; round < 200; round++) {
                ReadBatch[] batches = new ReadBatch[2];
                for (int b = 0; b < 2; b++) {
                    int which = b;
                    batches[b] = new ReadBatch((tag, source, offset, prefixLength, length) -> {
                        synchronized (count) {
                            count[which]++;
                        }
                    });
                    for (int i = 0; i < 20; i++) {
                        batches[b].add(
                                (round * 7 + i * 3 + b) % store.geometry().blocks(), i);
                    }
                    store.submit(batches[b]);
                }
                store.await(batches[round % 2]);
                store.await(batches[1 - round % 2]);
            }
            assertArrayEquals(new int[] {4000, 4000}, count);
        }
    }

    @Test
    void anyFlippedBitIsFound() throws IOException {
        try (DiskStore store = open(geometry(4096), DirectIo.AUTO, 16, 2, 8)) {
            fill(store);
            store.drain();
            Random random = new Random(3);
            for (int i = 0; i < 50; i++) {
                int block = random.nextInt(store.geometry().blocks());
                long at = store.geometry().offset(block) + random.nextInt(4096);
                int mask = 1 << random.nextInt(8);
                flip(store.path(), at, mask);
                DiskCorruptionException error =
                        assertThrows(DiskCorruptionException.class, () -> readAndCompare(store, block));
                assertTrue(error.offset() == store.geometry().offset(block)
                        || error.offset() == store.geometry().offset(block) + 2048);
                assertEquals(store.path().toString(), error.file());
                assertTrue(error.field().startsWith("CRC32C of "), error.field());
                assertTrue(error.field().endsWith(store.geometry().describe(block)), error.field());
                assertNotEquals(error.expected(), error.found());
                flip(store.path(), at, mask);
                readAndCompare(store, block);
            }
        }
    }

    private static void flip(Path path, long at, int mask) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.seek(at);
            int value = file.read();
            file.seek(at);
            file.write(value ^ mask);
            file.getFD().sync();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"AUTO", "OFF"})
    void aFileCutShortIsFound(DirectIo mode) throws IOException {
        DiskGeometry geometry = new DiskGeometry(1, 1, 3, 0, 4096, 0, DiskStore.alignment(directory));
        try (DiskStore store = open(geometry, mode, 4, 2, 2)) {
            fill(store);
            store.drain();
            // Every sector and around each block's end; a block wholly before the cut is still read.
            for (long length = geometry.fileBytes() - 1; length >= 0; length -= length % 512 == 0 ? 1 : 511) {
                try (RandomAccessFile file = new RandomAccessFile(store.path().toFile(), "rw")) {
                    file.setLength(length);
                }
                int whole = (int) Math.max(-1, (length - geometry.offset(0)) / 4096 - 1);
                if (whole >= 0) {
                    readAndCompare(store, whole);
                }
                DiskCorruptionException error =
                        assertThrows(DiskCorruptionException.class, () -> readAndCompare(store, 2), "length " + length);
                assertTrue(error.getMessage().contains(length + " bytes"), error.getMessage());
            }
        }
    }

    @Test
    void theHeaderSaysWhatTheFileIs() throws IOException {
        try (DiskStore store = open(geometry(4096), DirectIo.AUTO, 16, 2, 8)) {
            byte[] bytes = Files.readAllBytes(store.path());
            assertEquals(store.geometry(), DiskHeader.decode(ByteBuffer.wrap(bytes), store.path()));
        }
    }

    @Test
    void theFileIsDeletedOnClose() {
        DiskStore store = open(geometry(4096), DirectIo.AUTO, 16, 2, 8);
        Path path = store.path();
        fill(store);
        assertTrue(Files.exists(path));
        store.close();
        store.close();
        assertFalse(Files.exists(path));
        assertEquals(0, budget.usedBytes());
        assertThrows(IllegalStateException.class, store::check);
        assertThrows(IllegalStateException.class, () -> append(store, 0));
    }

    @Test
    void anUnusableDirectoryIsNamed() throws IOException {
        Path file = Files.createFile(directory.resolve("file"));
        DiskGeometry geometry = geometry(4096);
        for (Path bad : new Path[] {directory.resolve("absent"), file}) {
            DiskStore.Options options = options(geometry, bad, DirectIo.AUTO, 16);
            DiskException error =
                    assertThrows(DiskException.class, () -> DiskStore.open(geometry, options, budget, io(2, 1 << 15)));
            assertTrue(error.getMessage().startsWith(bad.toString()), error.getMessage());
            assertEquals(0, budget.usedBytes());
        }
    }

    @Test
    void aDiskWithTooLittleSpaceIsRefusedBeforeAnythingIsWritten() throws IOException {
        DiskStore.Options options = new DiskStore.Options(directory, DirectIo.AUTO, Long.MAX_VALUE, 1 << 16);
        DiskException error = assertThrows(
                DiskException.class, () -> DiskStore.open(geometry(4096), options, budget, io(2, 1 << 15)));
        assertTrue(error.getMessage().contains("" + Long.MAX_VALUE), error.getMessage());
        try (var files = Files.list(directory)) {
            assertEquals(0, files.count());
        }
    }

    @Test
    void theBudgetIsNotExceeded() {
        DiskGeometry geometry = geometry(4096);
        TierBudget small = new TierBudget(Tier.DISK, geometry.offset(10));
        DiskStore.Options options = options(geometry, directory, DirectIo.AUTO, 16);
        try (DiskStore store = DiskStore.open(geometry, options, small, io(2, 1 << 15))) {
            for (int block = 0; block < 10; block++) {
                append(store, block);
            }
            assertThrows(TierBudgetException.class, () -> append(store, 10));
            store.reset();
            append(store, 10);
            readAndCompare(store, 10);
        }
        assertEquals(geometry.offset(10), small.peakBytes());
    }

    @Test
    void failuresInTheBackgroundSurfaceAtTheNextCall() throws IOException {
        Path full = Path.of("/dev/full");
        assumeTrue(Files.exists(full), "no /dev/full to stand for a full disk");
        DiskGeometry geometry = geometry(4096);
        BlockFile file =
                new BlockFile(full, geometry, new ChannelFile(FileChannel.open(full, StandardOpenOption.WRITE), false));
        MemorySegment ring = java.lang.foreign.Arena.ofAuto().allocate(4L * geometry.chunkStrideBytes(), 4096);
        RecordTable records = new RecordTable(geometry);
        try (DiskWriter writer = new DiskWriter(file, records, DiskCounters.none(), ring, Throttle.unlimited())) {
            writer.append(0, block(0, 4096), 0, 0, 4096);
            DiskException error = assertThrows(DiskException.class, writer::drain);
            assertTrue(error.getMessage().startsWith("/dev/full, offset "), error.getMessage());
            assertTrue(error.getMessage().contains("chunk 0 of layer 0, KV head 0"), error.getMessage());
            assertThrows(DiskException.class, () -> writer.append(1, block(1, 4096), 0, 0, 4096));
            assertThrows(DiskException.class, writer::check);
        }
    }

    @Test
    void memoryFileSystemsHaveNoDirectIo() throws IOException {
        Path memory = Path.of("/dev/shm");
        assumeTrue(
                Files.isDirectory(memory) && Files.getFileStore(memory).type().equals("tmpfs"), "no tmpfs at /dev/shm");
        DiskGeometry geometry = geometry(4096);
        DiskStore.Options auto = options(geometry, memory, DirectIo.AUTO, 16);
        try (DiskStore store = DiskStore.open(geometry, auto, budget, io(2, 1 << 15))) {
            assertFalse(store.directIo());
            fill(store);
            readAndCompare(store, 1, 2, 3);
        }
        DiskStore.Options required = options(geometry, memory, DirectIo.REQUIRED, 16);
        DiskException error =
                assertThrows(DiskException.class, () -> DiskStore.open(geometry, required, budget, io(2, 1 << 15)));
        assertTrue(error.getMessage().contains("direct I/O is required"), error.getMessage());
    }

    @Test
    void offNeverGoesAroundThePageCache() {
        try (DiskStore store = open(geometry(4096), DirectIo.OFF, 16, 2, 8)) {
            assertFalse(store.directIo());
        }
    }
}
