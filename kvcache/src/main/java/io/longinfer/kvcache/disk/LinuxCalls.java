package io.longinfer.kvcache.disk;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Locale;

/**
 * The system calls of Linux that Java has no methods for, through the C library. A call that fails throws a
 * {@link FailedCall} with its errno. Memory is given as addresses, so that a call takes no part in the lifetime of segments:
 * the caller keeps them alive. Thread-safe.
 */
final class LinuxCalls {
    static final int EINTR = 4;
    static final int EAGAIN = 11;
    static final int EBUSY = 16;
    static final int EINVAL = 22;

    static final int O_RDWR = 2;
    private static final int O_CLOEXEC = 0x80000;
    private static final boolean ARM = System.getProperty("os.arch").equals("aarch64");
    private static final int O_DIRECT = ARM ? 0x10000 : 0x4000;
    private static final int EFD_CLOEXEC = 0x80000;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int STATX_DIOALIGN = 0x2000;
    private static final int STATX_BYTES = 256;
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED_POPULATE = 0x8001;
    private static final long MAP_FAILED = -1;

    /** The names are constants of the class, so that the compiler folds the handles: they must be resolved lazily. */
    private static final class Handles {
        static final Linker LINKER = Linker.nativeLinker();
        static final StructLayout STATE = Linker.Option.captureStateLayout();
        static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
        static final ThreadLocal<MemorySegment> CAPTURED =
                ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE));

        static final MethodHandle OPEN =
                handle("open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT), Linker.Option.firstVariadicArg(2));
        static final MethodHandle CLOSE = handle("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
        static final MethodHandle PREAD =
                handle("pread", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG));
        static final MethodHandle PWRITE =
                handle("pwrite", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG));
        static final MethodHandle WRITE =
                handle("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG));
        static final MethodHandle LSEEK =
                handle("lseek", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));
        static final MethodHandle EVENTFD = handle("eventfd", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
        static final MethodHandle STATX =
                handle("statx", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, JAVA_LONG));
        static final MethodHandle MMAP = handle(
                "mmap",
                FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
        static final MethodHandle MUNMAP = handle("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
        static final MethodHandle STRERROR = LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow("strerror"), FunctionDescriptor.of(ADDRESS, JAVA_INT));
        static final MethodHandle SYSCALL = handle(
                "syscall",
                FunctionDescriptor.of(
                        JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
                Linker.Option.firstVariadicArg(1));

        private Handles() {}

        private static MethodHandle handle(String name, FunctionDescriptor type, Linker.Option... more) {
            Linker.Option[] options = java.util.Arrays.copyOf(more, more.length + 1);
            options[more.length] = Linker.Option.captureCallState("errno");
            return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), type, options);
        }
    }

    private LinuxCalls() {}

    /** A system call that failed. */
    static final class FailedCall extends IOException {
        private final int errno;

        FailedCall(String call, int errno) {
            super(call + ": " + text(errno));
            this.errno = errno;
        }

        int errno() {
            return errno;
        }
    }

    /** Whether this is a Linux whose numbers are known here. */
    static boolean available() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String processor = System.getProperty("os.arch");
        return system.equals("linux") && (ARM || processor.equals("amd64"));
    }

    /** Opens a file that exists. */
    static int open(String path, int flags, boolean direct) throws FailedCall {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(path);
            int all = flags | O_CLOEXEC | (direct ? O_DIRECT : 0);
            MemorySegment state = Handles.CAPTURED.get();
            return (int) checked("open", (int) Handles.OPEN.invokeExact(state, name, all), state);
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    static void close(int descriptor) throws FailedCall {
        try {
            MemorySegment state = Handles.CAPTURED.get();
            checked("close", (int) Handles.CLOSE.invokeExact(state, descriptor), state);
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    /** Bytes read, 0 at the end of the file. */
    static int pread(int descriptor, long address, int bytes, long at) throws FailedCall {
        try {
            MemorySegment state = Handles.CAPTURED.get();
            long count;
            do {
                count = (long) Handles.PREAD.invokeExact(state, descriptor, address, (long) bytes, at);
            } while (count < 0 && errno(state) == EINTR);
            return (int) checked("pread", count, state);
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    /** Bytes written. */
    static int pwrite(int descriptor, long address, int bytes, long at) throws FailedCall {
        try {
            MemorySegment state = Handles.CAPTURED.get();
            long count;
            do {
                count = (long) Handles.PWRITE.invokeExact(state, descriptor, address, (long) bytes, at);
            } while (count < 0 && errno(state) == EINTR);
            return (int) checked("pwrite", count, state);
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    /** The size of a file; moves its position, which nobody uses. */
    static long size(int descriptor) throws FailedCall {
        try {
            MemorySegment state = Handles.CAPTURED.get();
            return checked("lseek", (long) Handles.LSEEK.invokeExact(state, descriptor, 0L, 2), state);
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    /** What the kernel says direct I/O on a file must be aligned to, offsets and memory alike; 0 if it does not say. */
    static int directAlignment(int descriptor) throws FailedCall {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment found = arena.allocate(STATX_BYTES, Long.BYTES);
            MemorySegment state = Handles.CAPTURED.get();
            MemorySegment empty = arena.allocateFrom("");
            int result = (int)
                    Handles.STATX.invokeExact(state, descriptor, empty, AT_EMPTY_PATH, STATX_DIOALIGN, found.address());
            checked("statx", result, state);
            boolean known = (found.get(JAVA_INT, 0) & STATX_DIOALIGN) != 0;
            return known ? Math.max(found.get(JAVA_INT, 152), found.get(JAVA_INT, 156)) : 0;
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    /** A counter to be waited for, zero. */
    static int eventfd() throws FailedCall {
        try {
            MemorySegment state = Handles.CAPTURED.get();
            return (int) checked("eventfd", (int) Handles.EVENTFD.invokeExact(state, 0, EFD_CLOEXEC), state);
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    /** Adds the long at {@code address} to an {@link #eventfd}. */
    static void signal(int descriptor, long address) throws FailedCall {
        try {
            MemorySegment state = Handles.CAPTURED.get();
            checked("write", (long) Handles.WRITE.invokeExact(state, descriptor, address, 8L), state);
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    /** Maps a part of what a descriptor stands for. */
    static MemorySegment map(int descriptor, long offset, long bytes) throws FailedCall {
        try {
            MemorySegment state = Handles.CAPTURED.get();
            long address = (long) Handles.MMAP.invokeExact(
                    state, 0L, bytes, PROT_READ_WRITE, MAP_SHARED_POPULATE, descriptor, offset);
            if (address == MAP_FAILED) {
                throw new FailedCall("mmap", errno(state));
            }
            return MemorySegment.ofAddress(address).reinterpret(bytes);
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    static void unmap(MemorySegment mapped) throws FailedCall {
        try {
            MemorySegment state = Handles.CAPTURED.get();
            checked("munmap", (int) Handles.MUNMAP.invokeExact(state, mapped.address(), mapped.byteSize()), state);
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    /** A system call by number; returns minus the errno if it fails. */
    static long call(long number, long a, long b, long c, long d, long e, long f) {
        try {
            MemorySegment state = Handles.CAPTURED.get();
            long result = (long) Handles.SYSCALL.invokeExact(state, number, a, b, c, d, e, f);
            return result < 0 ? -errno(state) : result;
        } catch (Throwable error) {
            throw new IllegalStateException("system call " + number + " cannot be made", error);
        }
    }

    /** An errno in words. */
    static String text(int errno) {
        try {
            MemorySegment text = (MemorySegment) Handles.STRERROR.invokeExact(errno);
            return text.reinterpret(256).getString(0);
        } catch (Throwable e) {
            throw new IllegalStateException("strerror cannot be called", e);
        }
    }

    private static int errno(MemorySegment state) {
        return (int) Handles.ERRNO.get(state, 0L);
    }

    private static long checked(String call, long result, MemorySegment state) throws FailedCall {
        if (result < 0) {
            throw new FailedCall(call, errno(state));
        }
        return result;
    }

    /** Method handles declare Throwable; only our own exception and unchecked ones come. */
    private static FailedCall rethrown(Throwable error) {
        return switch (error) {
            case FailedCall failed -> failed;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException(error);
        };
    }
}
