package io.longinfer.kernels.device;

import io.longinfer.kernels.attention.ChunkLayout;
import java.util.Arrays;
import java.util.Objects;

/** How many tokens each sequence of a session has seen, and what blocks may follow. Not thread-safe. */
public final class Sequences {
    private final DecoderShape shape;
    private final int maxBlockTokens;
    private final int[] seen;

    /**
     * Sequences that have seen nothing.
     *
     * @throws IllegalArgumentException if there is none, or a block could not hold a token of each
     */
    public Sequences(DecoderShape shape, int maxBlockTokens, int sequences) {
        if (sequences <= 0 || maxBlockTokens < sequences) {
            throw new IllegalArgumentException("there is at least one sequence and a block has at least one token for"
                    + " each, not " + sequences + " sequences and " + maxBlockTokens + " tokens");
        }
        this.shape = shape;
        this.maxBlockTokens = maxBlockTokens;
        seen = new int[sequences];
    }

    /** How many sequences. */
    public int count() {
        return seen.length;
    }

    /** Most tokens of a block. */
    public int maxBlockTokens() {
        return maxBlockTokens;
    }

    /** Counts a block's tokens as seen, after checking it as {@link DeviceSession#begin} says. */
    public void begin(Block block) {
        check(block);
        for (int segment = 0; segment < block.segments(); segment++) {
            seen[block.sequence(segment)] += block.rows(segment);
        }
    }

    private void check(Block block) {
        if (block.rows() < 1 || block.rows() > maxBlockTokens) {
            throw new IllegalArgumentException(
                    "a block has 1 to " + maxBlockTokens + " tokens, but " + block.rows() + " are given");
        }
        for (int segment = 0; segment < block.segments(); segment++) {
            int sequence = block.sequence(segment);
            if (sequence < 0 || sequence >= seen.length) {
                throw new IllegalArgumentException("sequence " + sequence + " of " + seen.length);
            }
            for (int other = 0; other < segment; other++) {
                if (block.sequence(other) == sequence) {
                    throw new IllegalArgumentException("sequence " + sequence + " is twice in the block");
                }
            }
            if (block.rows(segment) < 1) {
                throw new IllegalArgumentException("the segment of sequence " + sequence + " is empty");
            }
            if (block.position(segment) != seen[sequence]) {
                throw new IllegalStateException("sequence " + sequence + " goes on at position " + seen[sequence]
                        + ", not at " + block.position(segment));
            }
            if (shape.traits().learnsPositions()
                    && block.position(segment) + block.rows(segment) > shape.contextTokens()) {
                throw new IllegalArgumentException("there are learned positions for " + shape.contextTokens()
                        + " tokens, not for " + (block.position(segment) + block.rows(segment)));
            }
            checkIds(block.ids(segment), block.from(segment), block.rows(segment));
        }
    }

    private void checkIds(int[] ids, int from, int count) {
        Objects.checkFromIndexSize(from, count, ids.length);
        for (int i = from; i < from + count; i++) {
            if (ids[i] < 0 || ids[i] >= shape.vocabulary()) {
                throw new IllegalArgumentException(
                        "token " + ids[i] + " is not in the vocabulary of " + shape.vocabulary());
            }
        }
    }

    /** Lets a sequence go on at a position, as {@link DeviceSession#resume} says. */
    public void resume(int sequence, int position) {
        if (position < 0 || position % ChunkLayout.TOKENS != 0) {
            throw new IllegalArgumentException(
                    "a sequence is resumed at a multiple of " + ChunkLayout.TOKENS + ", not at " + position);
        }
        seen[Objects.checkIndex(sequence, seen.length)] = position;
    }

    /** Forgets all sequences. */
    public void reset() {
        Arrays.fill(seen, 0);
    }

    /** Forgets one sequence. */
    public void reset(int sequence) {
        seen[Objects.checkIndex(sequence, seen.length)] = 0;
    }
}
