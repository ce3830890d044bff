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
    private static final int ARRAYS = 8;

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
                case IntArray array32 -> ints.add(array32);
                case FloatArray array32 -> floats.add(array32);
                default -> throw new IllegalArgumentException("no kernel takes a " + array.getClass());
            }
        }
        for (int i = 0; i < ints.size(); i += ARRAYS) {
            IntArray[] a = some(ints, i, () -> IntArray.fromElements(0)).toArray(IntArray[]::new);
            stage.graph().task(next(), Touch::ints, context, never, a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
        }
        for (int i = 0; i < floats.size(); i += ARRAYS) {
            FloatArray[] a = some(floats, i, () -> FloatArray.fromElements(0f)).toArray(FloatArray[]::new);
            stage.graph().task(next(), Touch::floats, context, never, a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
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
     * Some from {@code first} on, new ones where there are fewer: with one array twice in a task, TornadoVM's graph compiler waits
     * for ever.
     */
    private static <A> List<A> some(List<A> arrays, int first, Supplier<A> more) {
        List<A> some = new ArrayList<>();
        for (int i = first; i < first + ARRAYS; i++) {
            some.add(i < arrays.size() ? arrays.get(i) : more.get());
        }
        return some;
    }

    private static void ints(
            KernelContext context,
            IntArray never,
            IntArray a,
            IntArray b,
            IntArray c,
            IntArray d,
            IntArray e,
            IntArray f,
            IntArray g,
            IntArray h) {
        int index = context.globalIdx;
        if (index < never.get(0)) {
            a.set(index, a.get(index) + 1);
            b.set(index, b.get(index) + 1);
            c.set(index, c.get(index) + 1);
            d.set(index, d.get(index) + 1);
            e.set(index, e.get(index) + 1);
            f.set(index, f.get(index) + 1);
            g.set(index, g.get(index) + 1);
            h.set(index, h.get(index) + 1);
        }
    }

    private static void floats(
            KernelContext context,
            IntArray never,
            FloatArray a,
            FloatArray b,
            FloatArray c,
            FloatArray d,
            FloatArray e,
            FloatArray f,
            FloatArray g,
            FloatArray h) {
        int index = context.globalIdx;
        if (index < never.get(0)) {
            a.set(index, a.get(index) + 1);
            b.set(index, b.get(index) + 1);
            c.set(index, c.get(index) + 1);
            d.set(index, d.get(index) + 1);
            e.set(index, e.get(index) + 1);
            f.set(index, f.get(index) + 1);
            g.set(index, g.get(index) + 1);
            h.set(index, h.get(index) + 1);
        }
    }
}
