package io.longinfer.kvcache;

import io.longinfer.kvcache.selection.Selector;
import io.longinfer.kvcache.tier.ChunkTable;

/**
 * What the last tokens of a prompt attended, from which the adaptive partition starts: they come one by one and attend everything.
 * Its memory exists only while it is on. Not thread-safe.
 */
final class PromptObservation {
    /** Last tokens of a prompt that are observed. */
    static final int TOKENS = 4;

    private static final float[] NOTHING = {};

    private final ChunkTable chunks;

    /** {@code [layers][kvHeads][chunksPerHead]}: what each chunk weighed, summed over the tokens. */
    private float[] masses = NOTHING;

    private int tokens;
    private boolean on;

    PromptObservation(ChunkTable chunks) {
        this.chunks = chunks;
    }

    /** Whether tokens are being observed. */
    boolean on() {
        return on;
    }

    /** Starts, if that has not happened. */
    void start() {
        if (!on) {
            masses = new float[chunks.ids()];
            tokens = 0;
            on = true;
        }
    }

    /** Notes what a chunk weighed for the token at hand. */
    void add(int id, float mass) {
        masses[id] += mass;
    }

    /** Ends a token. */
    void endToken() {
        tokens++;
    }

    /** Ends the observation, and lets the selector learn from the tokens' mean; nothing happens if none was observed. */
    void teach(Selector selector) {
        for (int i = 0; tokens > 0 && i < masses.length; i++) {
            masses[i] /= tokens;
        }
        for (int layer = 0; on && tokens > 0 && layer < chunks.layers(); layer++) {
            selector.learnPrefill(layer, chunks.closed(layer), masses, chunks.id(layer, 0, 0), chunks.chunksPerHead());
        }
        forget();
    }

    /** Ends the observation. */
    void forget() {
        masses = NOTHING;
        tokens = 0;
        on = false;
    }
}
