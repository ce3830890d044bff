package io.longinfer.kvcache.tier;

/**
 * Selected chunks of each KV head that the device does not keep, handed out in waves that serve all heads alike, so that a
 * device that works on the heads side by side has work for each. Reused. Not thread-safe.
 */
final class MissList {
    private final int[][] chunks;
    private final int[] sizes;
    private final int[] given;
    private int left;

    MissList(int kvHeads, int chunksPerHead) {
        chunks = new int[kvHeads][chunksPerHead];
        sizes = new int[kvHeads];
        given = new int[kvHeads];
    }

    void clear() {
        java.util.Arrays.fill(sizes, 0);
        java.util.Arrays.fill(given, 0);
        left = 0;
    }

    /** Adds a chunk, greater than those of its head before it. */
    void add(int kvHead, int chunk) {
        chunks[kvHead][sizes[kvHead]++] = chunk;
        left++;
    }

    /** Chunks not yet handed out. */
    int left() {
        return left;
    }

    /**
     * Moves up to {@code count} chunks into a wave.
     *
     * @param start where each head's list is begun, circularly: changing it from step to step lets other chunks be the last,
     *     which are those that may stay
     */
    void fill(Wave wave, int count, int start, LayerTiers tiers, int firstSpare) {
        int perHead = Math.max(1, count / sizes.length);
        int room = count;
        int spare = firstSpare;
        while (room > 0 && left > 0) {
            for (int head = 0; head < sizes.length && room > 0; head++) {
                int take = Math.min(Math.min(perHead, room), sizes[head] - given[head]);
                for (int i = 0; i < take; i++) {
                    int place = (int) (((long) start + given[head]++) % sizes[head]);
                    wave.add(head, chunks[head][place], tiers.device().spare(spare++));
                }
                room -= take;
                left -= take;
            }
        }
    }
}
