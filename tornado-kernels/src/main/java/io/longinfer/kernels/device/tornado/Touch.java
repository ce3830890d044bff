package io.longinfer.kernels.device.tornado;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** Tasks that take arrays and do nothing with them: TornadoVM moves and keeps only what some task of a graph takes. */
final class Touch {
    private static final int ARRAYS = 4;

    private final Graphs.Stage stage;
    private final KernelContext context;
    private final IntArray never = IntArray.fromElements(0);
    private int tasks;

    Touch(Graphs.Stage stage, KernelContext context) {
        this.stage = stage;
        this.context = context;
    }

    /** Adds tasks that take all of some int and float arrays. */
    void all(List<TornadoNativeArray> arrays) {
        stage.graph().transferToDevice(DataTransferMode.FIRST_EXECUTION, never);
        List<IntArray> ints = new ArrayList<>();
        List<FloatArray> floats = new ArrayList<>();
        for (TornadoNativeArray array : arrays) {
            switch (array) {
                case IntArray some -> ints.add(some);
                case FloatArray some -> floats.add(some);
                default -> throw new IllegalArgumentException("no kernel takes a " + array.getClass());
            }
        }
        for (int i = 0; i < ints.size(); i += ARRAYS) {
            IntArray[] a = four(ints, i, () -> IntArray.fromElements(0)).toArray(IntArray[]::new);
            stage.graph().task(next(), Touch::ints, context, never, a[0], a[1], a[2], a[3]);
        }
        for (int i = 0; i < floats.size(); i += ARRAYS) {
            FloatArray[] a = four(floats, i, () -> FloatArray.fromElements(0f)).toArray(FloatArray[]::new);
            stage.graph().task(next(), Touch::floats, context, never, a[0], a[1], a[2], a[3]);
        }
    }

    private String next() {
        String name = "touch" + tasks++;
        WorkerGrid1D one = new WorkerGrid1D(1);
        one.setLocalWork(1, 1, 1);
        stage.grid(name, one);
        return name;
    }

    /**
     * Four from {@code first} on, new ones where there are fewer: with one array twice in a task, TornadoVM's graph compiler waits
     * for ever.
     */
    private static <A> List<A> four(List<A> arrays, int first, Supplier<A> more) {
        List<A> four = new ArrayList<>();
        for (int i = first; i < first + ARRAYS; i++) {
            four.add(i < arrays.size() ? arrays.get(i) : more.get());
        }
        return four;
    }

    private static void ints(
            KernelContext context, IntArray never, IntArray a, IntArray b, IntArray c, IntArray d) {
        int index = context.globalIdx;
        if (index < never.get(0)) {
            a.set(index, a.get(index) + 1);
            b.set(index, b.get(index) + 1);
            c.set(index, c.get(index) + 1);
            d.set(index, d.get(index) + 1);
        }
    }

    private static void floats(
            KernelContext context, IntArray never, FloatArray a, FloatArray b, FloatArray c, FloatArray d) {
        int index = context.globalIdx;
        if (index < never.get(0)) {
            a.set(index, a.get(index) + 1);
            b.set(index, b.get(index) + 1);
            c.set(index, c.get(index) + 1);
            d.set(index, d.get(index) + 1);
        }
    }
}
