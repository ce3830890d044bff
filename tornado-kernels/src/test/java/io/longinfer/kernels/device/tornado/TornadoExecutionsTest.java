package io.longinfer.kernels.device.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.attention.ChunkLayout;
import io.longinfer.kernels.device.Block;
import io.longinfer.kernels.device.BlockTable;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kernels.device.KvPool;
import io.longinfer.kernels.device.RandomDecoder;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** How often a session talks to its device, and what it refuses to start with. */
class TornadoExecutionsTest {
    private static final String BAILOUT = "tornado.recover.bailout";

    @Test
    void aDecodingStepExecutesTwiceALayer() {
        DecoderShape shape = RandomDecoder.shape(4, 2, 16, true);
        SplittableRandom random = new SplittableRandom(1);
        TornadoDevice device = TornadoDevice.open(System.getProperty("longinfer.tornado.device", ""));
        try (TornadoSession session = (TornadoSession) device.open(RandomDecoder.weights(shape, random), 16, 1)) {
            KvPool pool = session.allocatePool(new ChunkLayout(16), 2);
            step(session, pool, 0, 16, false);
            for (int position = 16; position < 19; position++) {
                // The first guess is asked for before anybody knows that guesses are wanted.
                boolean first = position == 16;
                long before = session.executions();
                step(session, pool, position, 1, true);
                int expected = 2 * shape.layers() + 1 + (first ? 1 : 0);
                assertEquals(expected, session.executions() - before, "position " + position);
                before = session.executions();
                session.logits(0, 1, new float[shape.vocabulary()]);
                assertEquals(1, session.executions() - before);
            }
        }
    }

    /** Every layer attends the first chunk, which is written anew each time, and guesses for the next one. */
    private static void step(TornadoSession session, KvPool pool, int position, int count, boolean past) {
        int kvHeads = session.shape().kvHeads();
        session.begin(new Block().add(0, position, new int[count], 0, count));
        for (int layer = 0; layer < session.shape().layers(); layer++) {
            session.project(layer);
            session.queries();
            if (past) {
                BlockTable table = new BlockTable(kvHeads);
                for (int head = 0; head < kvHeads; head++) {
                    pool.write(
                            head, MemorySegment.ofArray(new byte[pool.layout().sizeBytes()]), 0);
                    table.add(head, 0, head);
                }
                if (layer + 1 < session.shape().layers()) {
                    session.predictQueries(layer + 1);
                }
                session.attend(layer, 0, pool, table);
            }
            session.finish(layer);
            session.closedChunks(0);
        }
    }

    @Test
    void kernelsThatDoNotCompileMayNotRunInJava() {
        String before = System.getProperty(BAILOUT);
        try {
            System.setProperty(BAILOUT, "True");
            TornadoUnavailableException refused =
                    assertThrows(TornadoUnavailableException.class, () -> TornadoDevice.open(""));
            assertTrue(refused.getMessage().contains(BAILOUT), refused.getMessage());
        } finally {
            System.setProperty(BAILOUT, before);
        }
    }

    @Test
    void devicesAreListed() {
        assertTrue(TornadoDevices.list().stream().anyMatch(TornadoDevices.Found::supported));
        for (TornadoDevices.Found found : TornadoDevices.list()) {
            assertTrue(found.memoryBytes() > 0 && !found.name().isEmpty(), found.toString());
            assertEquals(found.backend(), TornadoDevices.choose(found.id()).backend());
        }
    }
}
