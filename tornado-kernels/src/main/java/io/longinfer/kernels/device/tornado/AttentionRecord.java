package io.longinfer.kernels.device.tornado;

import io.longinfer.kernels.device.BlockTable;
import io.longinfer.kernels.device.DecoderShape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What the chunks attended in the layer at hand weigh, as far as that is asked for. Not thread-safe. */
final class AttentionRecord {
    private final DecoderShape shape;
    private final DecoderGraphs graphs;
    private final EntryLists lists;

    /** {@code [segments]}: the calls of the layer at hand, of which the first {@link #callCounts} count. */
    private final List<List<RecordedCall>> calls = new ArrayList<>();

    private final int[] callCounts;

    /** Entries that the attention noted last reads for calls that are recorded. */
    private final List<Part> parts = new ArrayList<>();

    private boolean any;
    private float[] records = {};

    /** {@code [rows][heads]} */
    private final float[] max;

    private final float[] sum;
    private final float[] softmax;

    /** Some entries of one call and KV head, from {@code first} of the call, that begin at {@code at} of their list. */
    private record Part(RecordedCall call, int segment, int head, int first, int at, int count) {}

    AttentionRecord(DecoderShape shape, DecoderGraphs graphs, int segments, EntryLists lists) {
        this.shape = shape;
        this.graphs = graphs;
        this.lists = lists;
        callCounts = new int[segments];
        for (int i = 0; i < segments; i++) {
            calls.add(new ArrayList<>());
        }
        max = new float[segments * shape.heads()];
        sum = new float[max.length];
        softmax = new float[2 * max.length];
    }

    /** Begins a layer. */
    void begin() {
        Arrays.fill(callCounts, 0);
        parts.clear();
        any = false;
    }

    /** Begins a call of a segment; returns its number. */
    int call(int segment, BlockTable table, boolean recorded) {
        List<RecordedCall> ofSegment = calls.get(segment);
        int call = callCounts[segment]++;
        if (call == ofSegment.size()) {
            ofSegment.add(new RecordedCall(shape.kvHeads(), shape.group()));
        }
        ofSegment.get(call).begin(table, recorded);
        any |= recorded;
        return call;
    }

    /** Notes that the next attention reads entries of a call, before they are added to the list. */
    void part(int segment, int call, int head, int first, int count) {
        RecordedCall recorded = calls.get(segment).get(call);
        if (recorded.recorded()) {
            parts.add(new Part(recorded, segment, head, first, lists.size(segment, head), count));
        }
    }

    /** Whether the attention noted is to say what its entries weigh. */
    boolean wanted() {
        return !parts.isEmpty();
    }

    /** Reads what the attention just executed said of its entries. */
    void read() {
        if (!wanted()) {
            return;
        }
        int floats = 2 * shape.group() * lists.total();
        if (records.length < floats) {
            records = new float[2 * floats];
        }
        graphs.graphs.read(graphs.kv.record, 0, floats, records, 0);
        for (Part part : parts) {
            int from = part.call.floats(lists.first(part.segment, part.head) + part.at);
            int to = part.call.at(part.head) + part.call.floats(part.first);
            System.arraycopy(records, from, part.call.records(), to, part.call.floats(part.count));
        }
        parts.clear();
    }

    /** Reads the final softmax of a block's rows, at the end of a layer. */
    void end(BlockArrays block, int rows) {
        if (any) {
            graphs.graphs.read(block.softmax, 0, 2L * rows * shape.heads(), softmax, 0);
            for (int i = 0; i < rows * shape.heads(); i++) {
                max[i] = softmax[2 * i];
                sum[i] = softmax[2 * i + 1];
            }
        }
    }

    float mass(int segment, int call, int kvHead, int index, int row) {
        if (call >= callCounts[segment]) {
            throw new IllegalStateException("segment " + segment + " attended " + callCounts[segment]
                    + " times in this layer, there is no call " + call);
        }
        int firstHead = row * shape.heads() + kvHead * shape.group();
        return calls.get(segment).get(call).mass(kvHead, index, max, sum, firstHead);
    }
}
