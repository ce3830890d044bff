package io.longinfer.kernels.attention;

import io.longinfer.kernels.device.StepLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * A block of rows of several segments, a pool of random chunks and a table that names some of them, out of order, with the
 * segment's own newest chunk partly filled; and attention in double precision the straightforward way.
 */
final class PagedAttentionFixture {
    /** Where slots and rows begin in their arrays: an odd number, as nothing but speed depends on it. */
    static final int FIRST = 3;

    final int headDim;
    final int kvHeads;
    final int group;
    final int heads;
    final int rows;
    final int window;
    final IntArray step;
    final IntArray table;
    final IntArray tiles;
    final IntArray windows;
    final FloatArray queries;
    final IntArray keys;
    final IntArray values;

    /** {@code [rows]}: which segment, at which position. */
    final int[] segments;

    final int[] positions;

    /** {@code [segments * kvHeads][entries][3]}: slot, position of the first token, mask. */
    private final int[][][] lists;

    /**
     * @param segmentRows rows of each segment
     * @param context tokens before each segment
     */
    PagedAttentionFixture(
            Random random, int headDim, int kvHeads, int group, int[] segmentRows, int[] context, int window) {
        this.headDim = headDim;
        this.kvHeads = kvHeads;
        this.group = group;
        this.window = window;
        heads = kvHeads * group;
        int total = 0;
        for (int n : segmentRows) {
            total += n;
        }
        rows = total;
        segments = new int[rows];
        positions = new int[rows];
        int row = 0;
        for (int s = 0; s < segmentRows.length; s++) {
            for (int t = 0; t < segmentRows[s]; t++) {
                segments[row] = s;
                positions[row++] = context[s] + t;
            }
        }
        lists = lists(random, segmentRows, context);
        table = table(0, 1);
        step = step(segmentRows.length);
        tiles = tiles(segmentRows);
        windows = new IntArray(2);
        windows.set(0, 1);
        windows.set(1, window);
        queries = new FloatArray(FIRST + rows * heads * headDim);
        queries.init(Float.NaN);
        for (int i = 0; i < rows * heads * headDim; i++) {
            queries.set(FIRST + i, (float) (random.nextGaussian() * 2 / Math.sqrt(headDim)));
        }
        keys = halves(random);
        values = halves(random);
    }

    private int[][][] lists(Random random, int[] segmentRows, int[] context) {
        List<Integer> slots = new ArrayList<>();
        List<List<int[]>> all = new ArrayList<>();
        int slot = 0;
        for (int s = 0; s < segmentRows.length; s++) {
            int chunks = (context[s] + segmentRows[s] - 1) / ChunkLayout.TOKENS + 1;
            for (int head = 0; head < kvHeads; head++) {
                List<int[]> list = new ArrayList<>();
                for (int c = 0; c < chunks; c++) {
                    boolean own = (c + 1) * ChunkLayout.TOKENS > context[s];
                    if (own || random.nextInt(4) > 0) {
                        list.add(new int[] {slot, c * ChunkLayout.TOKENS, ChunkLayout.ALL_TOKENS});
                        slots.add(slot++);
                    }
                }
                Collections.shuffle(list, random);
                all.add(list);
            }
        }
        Collections.shuffle(slots, random);
        int[][][] made = new int[all.size()][][];
        for (int l = 0; l < made.length; l++) {
            made[l] = all.get(l).toArray(int[][]::new);
            for (int[] entry : made[l]) {
                entry[0] = slots.get(entry[0]);
            }
        }
        return made;
    }

    /** Leaves tokens of past chunks out in tables to come; each keeps one at least. */
    void mask(Random random) {
        for (int l = 0; l < lists.length; l++) {
            int newest = 0;
            for (int[] entry : lists[l]) {
                newest = Math.max(newest, entry[1]);
            }
            for (int[] entry : lists[l]) {
                if (entry[1] < newest && random.nextInt(4) > 0) {
                    entry[2] = random.nextBoolean() ? 1 << random.nextInt(16) : 1 + random.nextInt(0xFFFF);
                }
            }
        }
    }

    /** A table of a part of the entries: of every {@code step}th from {@code from}. */
    IntArray table(int from, int step) {
        int at = lists.length * StepLayout.ENTRY_INTS;
        IntArray made = new IntArray(at + slots() * StepLayout.ENTRY_INTS);
        made.init(0);
        for (int l = 0; l < lists.length; l++) {
            made.set(StepLayout.ENTRY_INTS * l, at);
            int size = 0;
            for (int e = from; e < lists[l].length; e += step) {
                made.set(at++, lists[l][e][0]);
                made.set(at++, lists[l][e][1]);
                made.set(at++, lists[l][e][2]);
                size++;
            }
            made.set(StepLayout.ENTRY_INTS * l + 1, size);
        }
        return made;
    }

    /** Slots of the pool, each of one entry. */
    int slots() {
        int slots = 0;
        for (int[][] list : lists) {
            slots += list.length;
        }
        return slots;
    }

    private IntArray step(int segmentCount) {
        IntArray made = new IntArray(StepLayout.FIRST_ROW + rows * StepLayout.ROW_INTS);
        made.init(0);
        made.set(StepLayout.LAYER, 1);
        made.set(StepLayout.ROWS, rows);
        made.set(StepLayout.SEGMENTS, segmentCount);
        made.set(StepLayout.FRESH, 1);
        for (int r = 0; r < rows; r++) {
            int at = StepLayout.FIRST_ROW + r * StepLayout.ROW_INTS;
            made.set(at + StepLayout.POSITION, positions[r]);
            made.set(at + StepLayout.SEGMENT, segments[r]);
        }
        return made;
    }

    private IntArray tiles(int[] segmentRows) {
        int most = TornadoPrefillAttention.tileRows(group, headDim);
        List<int[]> made = new ArrayList<>();
        int first = 0;
        for (int s = 0; s < segmentRows.length; s++) {
            for (int t = 0; t < segmentRows[s]; t += most) {
                made.add(new int[] {first + t, Math.min(most, segmentRows[s] - t), s});
            }
            first += segmentRows[s];
        }
        IntArray array = new IntArray(made.size() * StepLayout.TILE_INTS);
        for (int i = 0; i < array.getSize(); i++) {
            array.set(i, made.get(i / StepLayout.TILE_INTS)[i % StepLayout.TILE_INTS]);
        }
        step.set(StepLayout.TILES, made.size());
        return array;
    }

    private IntArray halves(Random random) {
        IntArray made = new IntArray(FIRST + slots() * TornadoKvKernels.keysInts(headDim));
        made.init(0);
        for (int i = FIRST; i < made.getSize(); i++) {
            made.set(i, half(random) | (half(random) << 16));
        }
        return made;
    }

    private static int half(Random random) {
        return Float.floatToFloat16((float) random.nextGaussian()) & 0xffff;
    }

    /** Changes the first row for another one, and makes it the only one; or brings all back. */
    void bringToFront(int row) {
        step.set(StepLayout.ROWS, step.get(StepLayout.ROWS) == rows ? 1 : rows);
        int from = StepLayout.FIRST_ROW + row * StepLayout.ROW_INTS;
        for (int i = 0; i < StepLayout.ROW_INTS; i++) {
            int kept = step.get(StepLayout.FIRST_ROW + i);
            step.set(StepLayout.FIRST_ROW + i, step.get(from + i));
            step.set(from + i, kept);
        }
        for (int i = FIRST; i < FIRST + heads * headDim; i++) {
            float kept = queries.get(i);
            queries.set(i, queries.get(i + row * heads * headDim));
            queries.set(i + row * heads * headDim, kept);
        }
    }

    /** Entries of all lists before list {@code segment * kvHeads + head}. */
    int firstEntry(int list) {
        return table.get(StepLayout.ENTRY_INTS * list) / StepLayout.ENTRY_INTS - lists.length;
    }

    int entries(int list) {
        return lists[list].length;
    }

    /** A key, as the pool holds it. */
    double key(int slot, int channel, int token) {
        return number(keys, FIRST + (slot * headDim + channel) * 8 + token / 2, token % 2);
    }

    /** A value, as the pool holds it. */
    double value(int slot, int token, int channel) {
        return number(values, FIRST + slot * headDim * 8 + token * (headDim / 2) + channel / 2, channel % 2);
    }

    private static double number(IntArray array, int at, int half) {
        return Float.float16ToFloat((short) (array.get(at) >>> (16 * half)));
    }

    /** Scores of a row and query head against the tokens of entry {@code entry} of its list, or minus infinity if hidden. */
    double[] scores(int row, int head, int entry) {
        int[] e = lists[segments[row] * kvHeads + head / group][entry];
        double[] scores = new double[ChunkLayout.TOKENS];
        for (int t = 0; t < scores.length; t++) {
            for (int j = 0; j < headDim; j++) {
                scores[t] += queries.get(FIRST + (row * heads + head) * headDim + j) * key(e[0], j, t);
            }
            long distance = (long) positions[row] - e[1] - t;
            if (distance < 0 || distance >= window || (e[2] >> t & 1) == 0) {
                scores[t] = Double.NEGATIVE_INFINITY;
            }
        }
        return scores;
    }

    /** Largest score, sum of exp(score - largest), then the weighted mean of the values. */
    double[] expected(int row, int head) {
        int list = segments[row] * kvHeads + head / group;
        double max = Double.NEGATIVE_INFINITY;
        for (int e = 0; e < lists[list].length; e++) {
            for (double score : scores(row, head, e)) {
                max = Math.max(max, score);
            }
        }
        double[] out = new double[2 + headDim];
        out[0] = max;
        for (int e = 0; e < lists[list].length; e++) {
            double[] scores = scores(row, head, e);
            for (int t = 0; t < scores.length; t++) {
                double weight = Math.exp(scores[t] - max);
                out[1] += weight;
                for (int j = 0; j < headDim; j++) {
                    out[2 + j] += weight * value(lists[list][e][0], t, j);
                }
            }
        }
        for (int j = 0; j < headDim; j++) {
            out[2 + j] /= out[1];
        }
        return out;
    }
}
