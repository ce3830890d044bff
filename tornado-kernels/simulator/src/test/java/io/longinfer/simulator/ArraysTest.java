package io.longinfer.simulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** Arrays on the host, and the list of devices. */
class ArraysTest {
    @Test
    void segmentsHaveAHeaderBeforeTheFirstElement() {
        IntArray array = IntArray.fromElements(7, 8, 9);
        MemorySegment whole = array.getSegmentWithHeader();
        assertEquals(TornadoNativeArray.ARRAY_HEADER + 12, whole.byteSize());
        assertEquals(3, whole.get(ValueLayout.JAVA_INT, 0));
        assertEquals(8, whole.get(ValueLayout.JAVA_INT, TornadoNativeArray.ARRAY_HEADER + 4));
        assertEquals(9, array.getSegment().getAtIndex(ValueLayout.JAVA_INT, 2));
        assertThrows(IndexOutOfBoundsException.class, () -> array.get(-1));
        assertThrows(IndexOutOfBoundsException.class, () -> array.set(3, 0));
    }

    @Test
    void shallowArraysShareTheirSegment() {
        MemorySegment segment = Arena.ofAuto().allocate(TornadoNativeArray.ARRAY_HEADER + 8, 16);
        FloatArray one = FloatArray.fromSegmentShallow(segment);
        FloatArray other = FloatArray.fromSegmentShallow(segment);
        one.set(1, 4f);
        assertEquals(4f, other.get(1));
        assertEquals(2, other.getSize());
        assertThrows(IllegalArgumentException.class, () -> FloatArray.fromSegment(segment.asSlice(0, 7)));
    }

    @Test
    void copies() {
        FloatArray array = FloatArray.fromArray(new float[] {1f, 2f, 3f});
        FloatArray copy = FloatArray.fromSegment(array.getSegment());
        array.clear();
        assertArrayEquals(new float[] {1f, 2f, 3f}, copy.toHeapArray());
        assertArrayEquals(new float[] {2f, 3f}, copy.slice(1, 2).toHeapArray());
        assertArrayEquals(
                new float[] {0f, 0f, 0f, 1f, 2f, 3f},
                FloatArray.concat(array, copy).toHeapArray());
    }

    @Test
    void halves() {
        HalfFloatArray halves = new HalfFloatArray(2);
        halves.set(1, new HalfFloat(1.5f));
        assertEquals(1.5f, halves.get(1).getFloat32());
        ByteArray bytes = new ByteArray(4);
        bytes.setHalfFloat(2, new HalfFloat(-2f));
        assertEquals(-2f, bytes.getHalfFloat(2).getFloat32());
    }

    @Test
    void oneDeviceThatNobodyTakesForAGpu() {
        TornadoDevice device = TornadoExecutionPlan.getDevice(0, 0);
        assertEquals(TornadoVMBackendType.JAVA, device.getTornadoVMBackend());
        assertTrue(device.getPhysicalDevice().getDeviceName().contains("simulator"));
        assertEquals(
                1,
                TornadoExecutionPlan.getTornadoDeviceMap()
                        .getDevicesByName("SIMULATOR")
                        .count());
    }
}
