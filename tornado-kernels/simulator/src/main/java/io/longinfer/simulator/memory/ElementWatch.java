package io.longinfer.simulator.memory;

import java.util.Objects;

/** Sees every access to an element of an array before it happens, and may refuse it. */
public abstract class ElementWatch {
    private static final ElementWatch IN_BOUNDS = new InBounds();

    /** A watch that looks at bounds only. */
    public static ElementWatch inBounds() {
        return IN_BOUNDS;
    }

    /** An element of an array of {@code size} is going to be read. */
    public abstract void read(int index, int size);

    /** An element of an array of {@code size} is going to be written. */
    public abstract void write(int index, int size);

    /** An element of an array of {@code size} is going to be changed atomically. */
    public abstract void atomic(int index, int size);

    /** The whole memory is handed out, to be read or written unseen. */
    public void expose() {}

    private static final class InBounds extends ElementWatch {
        @Override
        public void read(int index, int size) {
            Objects.checkIndex(index, size);
        }

        @Override
        public void write(int index, int size) {
            Objects.checkIndex(index, size);
        }

        @Override
        public void atomic(int index, int size) {
            Objects.checkIndex(index, size);
        }
    }
}
