package io.longinfer.kvcache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.kernels.abstracts.AbstractPrecision;
import io.longinfer.kernels.device.DecoderShape;
import io.longinfer.kvcache.KvPlan.Mode;
import io.longinfer.kvcache.abstracts.AbstractStore;
import io.longinfer.kvcache.abstracts.Placement;
import io.longinfer.kvcache.budget.Tier;
import io.longinfer.kvcache.selection.SelectorKind;
import java.util.Random;
import org.junit.jupiter.api.Test;

class KvPlanTest {
    private static final long KIB = 1024;
    private static final long MIB = 1024 * KIB;

    /** needle: 5 layers, 2 KV heads of 64; a chunk takes 4 KiB, 8,192 tokens 20 MiB. */
    private static final DecoderShape NEEDLE = Shapes.of(5, 4, 2, 64);

    private static KvConfig budgets(long device, long host, long disk) {
        return KvConfig.defaults().toBuilder()
                .abstractPrecision(AbstractPrecision.INT8)
                .budgets(device, host, disk)
                .build();
    }

    @Test
    void everythingLiesOnADeviceThatHoldsIt() {
        KvPlan plan = KvPlan.of(NEEDLE, 8192, budgets(ByteSize.UNLIMITED, 0, 0));
        assertEquals(Mode.DEVICE, plan.mode());
        assertEquals(512, plan.chunksPerHead());
        plan.layers().forEach(layer -> assertEquals(Placement.DEVICE, layer.abstracts()));
        assertEquals(5 * 1024, plan.deviceChunks());
        assertEquals(0, plan.passingSlots() + plan.hostChunks());
        // 10 open chunks, 5 x 1,024 closed ones, and of each layer's abstracts all nodes and 2 x 32 groups of leaves
        long abstracts = AbstractStore.upperBytes(NEEDLE, 512, AbstractPrecision.INT8)
                + 64 * AbstractStore.leafSlotBytes(NEEDLE, AbstractPrecision.INT8);
        assertEquals((10 + 5120) * 4 * KIB + 5 * abstracts, plan.bytes(Tier.DEVICE));
        assertTrue(5 * abstracts < MIB, "abstracts of int8 take a twentieth of the KV");
        assertEquals(0, plan.bytes(Tier.HOST) + plan.bytes(Tier.DISK));
    }

    @Test
    void fullAttentionNeedsNoAbstracts() {
        KvConfig config =
                KvConfig.defaults().toBuilder().selector(SelectorKind.FULL).build();
        KvPlan plan = KvPlan.of(NEEDLE, 8192, config);
        plan.layers().forEach(layer -> assertEquals(Placement.NONE, layer.abstracts()));
        assertEquals((10 + 5120) * 4 * KIB, plan.bytes(Tier.DEVICE));
    }

    /** InfiniGen's: of three layers, whose 2 heads have 512 chunks of 12 channels, and 12 columns of 64 floats. */
    @Test
    void partialKeysCountAgainstDeviceOrHost() {
        KvConfig config =
                KvConfig.defaults().toBuilder().selector(SelectorKind.INFINIGEN).build();
        long layer = 2 * (512 * 12 * 16 * 2 + 12 * 64 * 4);
        KvPlan plan = KvPlan.of(NEEDLE, 8192, config);
        assertEquals(12, plan.partialChannels());
        assertEquals((10 + 5120) * 4 * KIB + 3 * layer, plan.bytes(Tier.DEVICE));
        assertEquals(Placement.NONE, plan.layers().get(1).abstracts());
        assertEquals(Placement.DEVICE, plan.layers().get(2).abstracts());
        assertTrue(plan.rows().toString().contains("partial keys of 3 layers"), plan.toString());
        KvConfig host = config.toBuilder()
                .abstractDeviceShare(0)
                .budgets(MIB, 2 * MIB, 64 * MIB)
                .build();
        plan = KvPlan.of(NEEDLE, 8192, host);
        assertEquals(Mode.DISK, plan.mode());
        assertTrue(plan.bytes(Tier.HOST) >= 3 * layer && plan.bytes(Tier.HOST) <= 2 * MIB, plan.toString());
        KvConfig scarce = host.toBuilder().budgets(MIB, MIB, 64 * MIB).build();
        KvPlanException refusal = assertThrows(KvPlanException.class, () -> KvPlan.of(NEEDLE, 8192, scarce));
        assertEquals("--host-budget", refusal.option());
        KvConfig enough =
                host.toBuilder().budgets(MIB, refusal.smallestBytes(), 64 * MIB).build();
        assertTrue(KvPlan.of(NEEDLE, 8192, enough).bytes(Tier.HOST) >= 3 * layer);
        KvConfig everything = config.toBuilder().ratio(1).build();
        assertEquals((10 + 5120) * 4 * KIB, KvPlan.of(NEEDLE, 8192, everything).bytes(Tier.DEVICE));
    }

    @Test
    void deviceAndHostTogetherHoldEachChunkOnce() {
        KvPlan plan = KvPlan.of(NEEDLE, 8192, budgets(4 * MIB, 20 * MIB, ByteSize.UNLIMITED));
        assertEquals(Mode.DEVICE_HOST, plan.mode());
        assertEquals(5 * 1024, plan.deviceChunks() + plan.hostChunks());
        assertTrue(plan.passingSlots() >= 2, plan.toString());
        assertEquals(0, plan.hostPassingSlots());
        assertTrue(plan.bytes(Tier.DEVICE) <= 4 * MIB && plan.bytes(Tier.HOST) <= 20 * MIB);
        assertEquals(0, plan.bytes(Tier.DISK));
    }

    @Test
    void passingSlotsAreThreeUnitsOrWhatIsAskedFor() {
        KvConfig config = budgets(4 * MIB, 20 * MIB, 0);
        KvPlan plan = KvPlan.of(NEEDLE, 8192, config);
        assertEquals(plan.passingSlots() / 3, plan.unitChunks());
        for (int slots : new int[] {2, 3, 7}) {
            KvPlan asked = KvPlan.of(
                    NEEDLE, 8192, config.toBuilder().passingSlots(slots).build());
            assertEquals(slots, asked.passingSlots());
            assertEquals(plan.deviceChunks() + plan.passingSlots(), asked.deviceChunks() + slots);
        }
    }

    /** What stays in the host must not depend on guesses: each passing slot of the device has one in the host, or none has. */
    @Test
    void theHostHasAsManyPassingSlotsAsTheDeviceOrNone() {
        assertEquals(0, KvPlan.of(NEEDLE, 8192, budgets(4 * MIB, MIB, 64 * MIB)).hostPassingSlots());
        KvPlan plan = KvPlan.of(NEEDLE, 8192, budgets(MIB, 4 * MIB, 64 * MIB));
        assertEquals(plan.passingSlots(), plan.hostPassingSlots());
        assertTrue(plan.hostChunks() >= plan.hostPassingSlots(), plan.toString());
    }

    @Test
    void theDiskTakesWhatIsTooMuch() {
        KvPlan plan = KvPlan.of(NEEDLE, 8192, budgets(MIB, 2 * MIB, 64 * MIB));
        assertEquals(Mode.DISK, plan.mode());
        assertFalse(plan.buffersOutsideBudgets());
        assertTrue(plan.bytes(Tier.DEVICE) <= MIB, plan.toString());
        assertTrue(plan.bytes(Tier.HOST) <= 2 * MIB, plan.toString());
        assertEquals(plan.disk().fileBytes(), plan.bytes(Tier.DISK));
        assertTrue(plan.disk().fileBytes() >= 20 * MIB);
    }

    @Test
    void abstractsStayOffTheDiskWhereThatIsAskedFor() {
        KvConfig config = budgets(MIB, 2 * MIB, 64 * MIB).toBuilder()
                .abstractHostShare(0.2)
                .build();
        assertTrue(KvPlan.of(NEEDLE, 8192, config).layers().stream()
                .anyMatch(layer -> layer.abstracts() == Placement.DISK));
        KvConfig off = config.toBuilder().abstractsOnDisk(false).build();
        KvPlan plan = KvPlan.of(NEEDLE, 8192, off);
        assertEquals(Mode.DISK, plan.mode());
        assertTrue(plan.layers().stream().allMatch(layer -> layer.abstracts() != Placement.DISK), plan.toString());
        assertTrue(plan.bytes(Tier.HOST) <= 2 * MIB, plan.toString());
        assertTrue(
                plan.hostChunks() < KvPlan.of(NEEDLE, 8192, config).hostChunks(), "their bytes are missing elsewhere");
        KvPlanException refusal = assertThrows(
                KvPlanException.class,
                () -> KvPlan.of(
                        NEEDLE,
                        8192,
                        off.toBuilder().budgets(MIB, 300 * KIB, 64 * MIB).build()));
        assertEquals("--host-budget", refusal.option());
        KvPlan.of(
                NEEDLE,
                8192,
                off.toBuilder().budgets(MIB, refusal.smallestBytes(), 64 * MIB).build());
    }

    @Test
    void withoutAHostTheBuffersAreSaidToLieOutside() {
        KvPlan plan = KvPlan.of(NEEDLE, 8192, budgets(4 * MIB, 0, 64 * MIB));
        assertTrue(plan.buffersOutsideBudgets());
        assertEquals(0, plan.bytes(Tier.HOST));
        assertTrue(plan.layers().stream().allMatch(layer -> layer.abstracts() == Placement.DEVICE), plan.toString());
        KvPlanException refusal =
                assertThrows(KvPlanException.class, () -> KvPlan.of(NEEDLE, 8192, budgets(MIB, 0, 64 * MIB)));
        assertEquals("--host-budget", refusal.option(), "nodes of abstracts that are too large for the device");
    }

    @Test
    void aDisabledDeviceIsRefused() {
        KvPlanException refusal =
                assertThrows(KvPlanException.class, () -> KvPlan.of(NEEDLE, 8192, budgets(0, MIB, 64 * MIB)));
        assertEquals("--device-budget", refusal.option());
        assertTrue(refusal.getMessage().contains("cannot be disabled"), refusal.getMessage());
        assertTrue(refusal.getMessage().contains("--device-budget " + ByteSize.exact(refusal.smallestBytes())));
    }

    @Test
    void aDiskThatIsTooSmallIsNamedWithTheContextThatWouldDo() {
        KvPlanException refusal =
                assertThrows(KvPlanException.class, () -> KvPlan.of(NEEDLE, 8192, budgets(MIB, 2 * MIB, 10 * MIB)));
        assertEquals("--disk-budget", refusal.option());
        String message = refusal.getMessage();
        int context = Integer.parseInt(message.substring(message.indexOf("--context ") + 10));
        KvPlan.of(NEEDLE, context, budgets(MIB, 2 * MIB, 10 * MIB));
        assertThrows(KvPlanException.class, () -> KvPlan.of(NEEDLE, context + 16, budgets(MIB, 2 * MIB, 10 * MIB)));
    }

    @Test
    void aHostThatIsTooSmallIsNamed() {
        KvPlanException refusal =
                assertThrows(KvPlanException.class, () -> KvPlan.of(NEEDLE, 8192, budgets(MIB, 2 * MIB, 0)));
        assertEquals("--host-budget", refusal.option());
        assertTrue(refusal.getMessage().contains("--disk-budget"), refusal.getMessage());
    }

    @Test
    void theSmallestValueNamedIsTheSmallest() {
        long seed = System.nanoTime() & 0xffff;
        Random random = new Random(seed);
        int refused = 0;
        for (int i = 0; i < 200; i++) {
            long device = random.nextInt(4 * (int) MIB);
            long host = random.nextInt(3) == 0 ? 0 : random.nextInt(16 * (int) MIB);
            long disk = random.nextBoolean() ? 0 : random.nextInt(24 * (int) MIB);
            int context = 1 + random.nextInt(8192);
            try {
                KvPlan plan = KvPlan.of(NEEDLE, context, budgets(device, host, disk));
                assertTrue(plan.bytes(Tier.DEVICE) <= device, "seed " + seed);
                assertTrue(plan.bytes(Tier.HOST) <= host, "seed " + seed);
                assertTrue(plan.bytes(Tier.DISK) <= disk, "seed " + seed);
            } catch (KvPlanException e) {
                refused++;
                checkSmallest(context, device, host, disk, e);
            }
        }
        assertTrue(refused > 10, "seed " + seed + " refused " + refused);
    }

    private static void checkSmallest(int context, long device, long host, long disk, KvPlanException refusal) {
        for (int less = 0; less < 2; less++) {
            long value = refusal.smallestBytes() - less;
            KvConfig config = switch (refusal.option()) {
                case "--device-budget" -> budgets(value, host, disk);
                case "--host-budget" -> budgets(device, value, disk);
                case "--disk-budget" -> budgets(device, host, value);
                default -> throw new AssertionError(refusal.option());
            };
            if (less == 0) {
                KvPlan.of(NEEDLE, context, config);
            } else {
                assertThrows(KvPlanException.class, () -> KvPlan.of(NEEDLE, context, config));
            }
        }
    }

    @Test
    void aContextShorterThanAChunkNeedsTheOpenChunksOnly() {
        KvPlan plan = KvPlan.of(NEEDLE, 15, budgets(40 * KIB, 0, 0));
        assertEquals(0, plan.chunksPerHead());
        assertEquals(40 * KIB, plan.bytes(Tier.DEVICE));
    }
}
