package io.longinfer.kvcache.chunk;

/** Finds attention deserts: maximal runs of leaves of little mass. Pure functions. */
public final class Deserts {
    private Deserts() {}

    /**
     * Marks the leaves that lie in deserts.
     *
     * @param masses what each leaf weighed, from {@code offset}
     * @param marks receives {@code [leaves]}
     * @return leaves that lie in deserts
     */
    public static int mark(float[] masses, int offset, int leaves, PartitionOptions options, boolean[] marks) {
        double threshold = options.desertThreshold() / leaves;
        int inDeserts = 0;
        int start = 0;
        for (int leaf = 0; leaf <= leaves; leaf++) {
            if (leaf < leaves && masses[offset + leaf] < threshold) {
                continue;
            }
            boolean desert = leaf - start >= options.desertRun();
            for (int i = start; i < leaf; i++) {
                marks[i] = desert;
            }
            inDeserts += desert ? leaf - start : 0;
            if (leaf < leaves) {
                marks[leaf] = false;
            }
            start = leaf + 1;
        }
        return inDeserts;
    }
}
