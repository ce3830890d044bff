package io.longinfer.kernels.elementwise;

import uk.ac.manchester.tornado.api.KernelContext;

/**
 * How the items of a work-group add up; compiled into kernels. With shuffles, each warp's first item stores its warp's sum, and
 * all items add up those of the warps. Without, all items store their summands, a few add up {@link #PARTS} parts of them in
 * place, and all add up the parts. Kernels do the storing themselves: TornadoVM compiles accesses to local memory wrongly
 * where it is a parameter.
 */
public final class WorkGroup {
    /** Items of a warp. */
    public static final int WARP = 32;

    /** Partial sums of a sum that items add up without shuffles. */
    public static final int PARTS = 8;

    private WorkGroup() {}

    /** What an item stores: its summand, or with shuffles what is its warp's sum if it is the warp's first. */
    public static float summand(KernelContext context, float summand, int shuffles) {
        float sum = summand;
        if (shuffles == 1) {
            sum += context.simdShuffleDown(sum, 16);
            sum += context.simdShuffleDown(sum, 8);
            sum += context.simdShuffleDown(sum, 4);
            sum += context.simdShuffleDown(sum, 2);
            sum += context.simdShuffleDown(sum, 1);
        }
        return sum;
    }

    /** Whether an item stores anything. */
    public static boolean stores(int lane, int shuffles) {
        return shuffles == 0 || (lane & (WARP - 1)) == 0;
    }

    /** Where it does. */
    public static int slot(int lane, int shuffles) {
        return shuffles == 1 ? lane >>> 5 : lane;
    }

    /** How many sums there are to add up at last. */
    public static int parts(int lanes, int shuffles) {
        return shuffles == 1 ? lanes / WARP : PARTS;
    }
}
