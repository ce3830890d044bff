package io.longinfer.kernels.counts;

/**
 * What a launch has to move at least, and how many sectors of 32 bytes it touches if all of its requests (the accesses of a warp)
 * are aligned and their words neighbours. What a kernel reads more than once counts in the latter each time: caches are to catch
 * it. Requests that are not named here are taken to be of one sector, as where all items read one word.
 */
final class Traffic {
    private static final int WARP = 32;
    private static final int SECTOR_WORDS = 8;

    private long floorBytes;
    private long requests;
    private long sectors;

    /** Adds bytes that have to be read or written once. */
    Traffic floor(long bytes) {
        floorBytes += bytes;
        return this;
    }

    /** Adds runs of so many words, an item a word. */
    Traffic runs(long times, long words) {
        return runs(times, words, 1);
    }

    /** Adds runs of so many words, of each of which so many items read a part. */
    Traffic runs(long times, long words, int itemsEach) {
        requests += times * Math.ceilDiv(words * itemsEach, WARP);
        sectors += times * Math.ceilDiv(words, SECTOR_WORDS);
        return this;
    }

    /** Adds requests of so many sectors. */
    Traffic requests(long count, int sectorsEach) {
        requests += count;
        sectors += count * sectorsEach;
        return this;
    }

    long floorBytes() {
        return floorBytes;
    }

    /** Sectors a request at best, of a launch of so many requests. */
    double idealSectors(long launched) {
        return (sectors + Math.max(0, launched - requests)) / (double) launched;
    }

    /** Requests that are accounted for here. */
    long requests() {
        return requests;
    }
}
