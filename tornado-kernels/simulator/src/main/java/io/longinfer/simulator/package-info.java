/**
 * TornadoVM's API on a plain JVM, with a checker of kernels and graphs.
 *
 * <p>A subset of TornadoVM 5.2.0's public API ({@code uk.ac.manchester.tornado.api}), written anew, that executes task graphs:
 * host and device copies are separate, transfers happen as declared, kernels run for every work-item, and what a device would
 * answer with wrong numbers is thrown as a {@link io.longinfer.simulator.Finding}. One simulated device, one launch at a time.
 *
 * <p><b>How it runs.</b> Work-items of a group run one after the other from barrier to barrier, groups one after the other, both
 * in natural order, or in an order drawn from the system property {@code longinfer.simulator.seed} (not 0), which must not
 * change a result. Kernels with {@code @Parallel} loops and no context run as the plain methods they are, once, unchecked for
 * races. The JVM should be started with {@code --add-exports java.base/jdk.internal.vm=ALL-UNNAMED}; without it work-items
 * that wait are threads, and much slower.
 *
 * <p><b>How it sees.</b> Kernels are given twins of their arrays over the device's memory. Their classes are loaded a second time
 * with calls to the checker before every access to a Java array, so that local memory is watched; a kernel must therefore be a
 * static method whose class file can be read, and static fields are initialised a second time. The order of memory is that of
 * barriers alone: warp operations exchange values and order nothing.
 *
 * <p><b>Stricter than TornadoVM.</b> An array that a graph does not declare is a finding, where TornadoVM copies it once. Arrays
 * that only travel to the host start unwritten, where TornadoVM copies those that a kernel reads. {@code >>}, {@code >>>} and
 * division of negative numbers are findings where one backend computes them otherwise than Java; a mask that is no constant is
 * taken to be narrow enough. Shifts of {@code long} are not looked at.
 *
 * <p><b>What numbers are compiled in.</b> Parameters that are no arrays have the values they had when the task was added. That a
 * program goes on to change its variable cannot be seen; that it builds the same task over the same arrays with ever other
 * numbers is found.
 *
 * <p><b>The host's side.</b> Reads and writes through get and set are seen; of those through a segment it is seen that the segment
 * was asked for since the last execution, and the elements are compared; a segment kept from earlier is not watched.
 *
 * <p><b>Not modelled.</b> Time; fast math and the order of a device's floating-point operations beyond the kernel's own; loop
 * unrolling, registers and the limits of the compiler beyond a few calls that it is known to refuse; bailing out to Java; the
 * amount of device memory; batches, several devices, CUDA graphs, streams, prebuilt and library tasks; private arrays, which
 * are zero here and undefined on a device; arrays that kernels only write and that TornadoVM does not copy in even if told to;
 * that all lanes take part in a matrix instruction ({@code mma...}); matrix instructions other than fp16 with 16 rows, 8 outputs
 * and 16 columns; vector types other than {@code Half2}.
 */
package io.longinfer.simulator;
