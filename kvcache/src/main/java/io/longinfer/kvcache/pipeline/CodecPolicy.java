package io.longinfer.kvcache.pipeline;

import io.longinfer.kvcache.tier.ChunkTable;

/**
 * Which chunks cross a link in less than their record's precision: those that weighed less than {@code coarseMass} of an average
 * chunk when they were last attended come as the first part of an int8 record, which is int4. Depends on what was attended
 * only, and so not on time.
 *
 * @param progressive whether records have a first part that can be read alone
 * @param coarseMass share of the mean mass below which a chunk's mass is small; 0 for never
 */
public record CodecPolicy(boolean progressive, float coarseMass) {
    /** Whether only the first part of a chunk's record is read. */
    public boolean prefixOnly(ChunkTable chunks, int id) {
        if (!progressive) {
            return false;
        }
        float mass = chunks.relativeMass(id);
        return mass >= 0 && mass < coarseMass;
    }
}
