package io.longinfer.kernels.attention;

import static io.longinfer.kernels.vector.Lanes.COUNT;

import io.longinfer.kernels.vector.HalfColumns;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Scores over keys alone, as one thread computes them; holds the thread's scratch. Keys are used as {@link HalfColumns} decodes
 * them: the factor that they lack is made up for half in the queries and half in the scores.
 */
final class VectorKeyScores {
    private static final int COLUMNS_PER_CHUNK = ChunkLayout.TOKENS / COUNT;
    private static final int ROW_BYTES = ChunkLayout.TOKENS * Short.BYTES;
    private static final float SCALE = HalfColumns.HALF_SCALE;

    private final HalfColumns pairs = new HalfColumns();
    private final long[] start = new long[1];
    private float[] queries = {};

    void scores(
            int channels,
            float[] q,
            int qOffset,
            int group,
            MemorySegment keys,
            long offsetBytes,
            int chunks,
            float[] scores,
            int stride) {
        if (queries.length < group * channels) {
            queries = new float[group * channels];
        }
        for (int i = 0; i < group * channels; i++) {
            queries[i] = q[qOffset + i] * SCALE;
        }
        int columns = chunks * COLUMNS_PER_CHUNK;
        for (int g = 0; g < group; g++) {
            // Columns are computed in pairs, of which the last may be one too many.
            Arrays.fill(scores, g * stride, g * stride + columns * COUNT + columns % 2 * COUNT, 0f);
        }
        pairs.blocks(keys, ROW_BYTES, channels);
        start[0] = offsetBytes;
        pairs.at(start, 0, 1);
        for (int column = 0; column < columns; column += 2) {
            pairs.pair(columnBytes(column, channels), columnBytes(Math.min(column + 1, columns - 1), channels));
            pairs.multiply(group, queries, 0, channels, scores, column * COUNT, stride);
        }
        for (int g = 0; g < group; g++) {
            for (int i = g * stride; i < g * stride + columns * COUNT; i++) {
                scores[i] *= SCALE;
            }
        }
    }

    /** Where a column starts, seen from the first chunk. */
    private static long columnBytes(int column, int channels) {
        return (long) (column / COLUMNS_PER_CHUNK) * channels * ROW_BYTES
                + (long) (column % COLUMNS_PER_CHUNK) * COUNT * Short.BYTES;
    }
}
