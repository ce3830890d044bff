package io.longinfer.kvcache.pipeline;

import io.longinfer.kvcache.selection.Selection;

/**
 * Cuts a selection into units that serve the KV heads alike, as a device works on them side by side. Depends on the selection
 * and the size of a unit only. Not thread-safe.
 */
public final class UnitCutter {
    private final int kvHeads;
    private final int headsPerUnit;
    private final int chunksPerHead;
    private int parts;

    /** Units of at most {@code unitChunks} chunks. */
    public UnitCutter(int kvHeads, int unitChunks) {
        this.kvHeads = kvHeads;
        headsPerUnit = Math.min(kvHeads, unitChunks);
        chunksPerHead = unitChunks / headsPerUnit;
    }

    /** Most chunks of a unit. */
    public int unitChunks() {
        return headsPerUnit * chunksPerHead;
    }

    /** Looks at a selection; returns how many units it makes, 0 if it is empty. */
    public int cut(Selection selection) {
        int longest = 0;
        for (int head = 0; head < kvHeads; head++) {
            longest = Math.max(longest, selection.size(head));
        }
        parts = Math.ceilDiv(longest, chunksPerHead);
        return parts * Math.ceilDiv(kvHeads, headsPerUnit);
    }

    /** First KV head of a unit. */
    public int firstHead(int unit) {
        return unit / parts * headsPerUnit;
    }

    /** KV head behind the last of a unit. */
    public int endHead(int unit) {
        return Math.min(kvHeads, firstHead(unit) + headsPerUnit);
    }

    /** Place in a head's list of the unit's first chunk, if the list is that long. */
    public int from(int unit) {
        return unit % parts * chunksPerHead;
    }

    /** Place behind the unit's last chunk in the list of {@code head}; not greater than {@link #from} if it has none. */
    public int to(int unit, int head, Selection selection) {
        return Math.min(selection.size(head), from(unit) + chunksPerHead);
    }
}
