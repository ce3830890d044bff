package io.longinfer.eval.hardware.replay;

/**
 * What one layer of one decoding step of one sequence attends and moves, its KV heads together.
 *
 * @param closed closed chunks there were
 * @param pinned selected chunks that are always attended and lay on the device: their number does not grow with the context
 * @param deviceHits selected chunks that lay on the device, the pinned ones among them
 * @param tokens tokens attended of closed chunks
 * @param demand chunks that are brought when the layer has selected
 * @param ahead chunks that were brought on the guess and then selected
 * @param wasted chunks that were brought on the guess and not selected
 * @param kept chunks copied from the device to the host to make room
 * @param scoredBytes bytes of abstracts scored
 * @param abstractReadBytes bytes of abstracts read from disk
 * @param guessed whether the layer's selection was guessed before
 */
public record LayerLoad(
        double closed,
        double pinned,
        double deviceHits,
        double tokens,
        Moves demand,
        Moves ahead,
        Moves wasted,
        double kept,
        double scoredBytes,
        double abstractReadBytes,
        boolean guessed) {
    /** Chunks attended. */
    public double selected() {
        return deviceHits + demand.chunks() + ahead.chunks();
    }

    /** Chunks that lay in the host only. */
    public double hostHits() {
        return demand.fromHost() + ahead.fromHost();
    }

    /** Chunks that lay on disk only. */
    public double diskReads() {
        return selected() - deviceHits - hostHits();
    }

    /** The same with chunks that were copied to the host. */
    LayerLoad withKept(long chunks) {
        return new LayerLoad(
                closed,
                pinned,
                deviceHits,
                tokens,
                demand,
                ahead,
                wasted,
                chunks,
                scoredBytes,
                abstractReadBytes,
                guessed);
    }

    /** The same with what the search of abstracts did. */
    LayerLoad withSearch(long scored, long read) {
        return new LayerLoad(closed, pinned, deviceHits, tokens, demand, ahead, wasted, kept, scored, read, guessed);
    }
}
