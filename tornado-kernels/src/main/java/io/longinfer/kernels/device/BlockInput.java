package io.longinfer.kernels.device;

/**
 * What a block brings into the first layer: the embeddings of its tokens and the angles of their positions. Reused from block to
 * block. Not thread-safe.
 */
public final class BlockInput {
    private final DecoderShape shape;
    private final float[] hidden;
    private final float[] cos;
    private final float[] sin;

    /** {@code [width]}: a learned position. */
    private final float[] learned;

    public BlockInput(DecoderShape shape, int maxRows) {
        this.shape = shape;
        hidden = new float[Math.multiplyExact(maxRows, shape.width())];
        cos = new float[Math.multiplyExact(maxRows, shape.rope().rotated() / 2)];
        sin = new float[cos.length];
        learned = new float[shape.traits().learnsPositions() ? shape.width() : 0];
    }

    /** {@code [rows][width]}: hidden states. */
    public float[] hidden() {
        return hidden;
    }

    /** {@code [rows][rotated / 2]}: cosines of the angles by which heads are rotated, times the magnitude. */
    public float[] cos() {
        return cos;
    }

    /** {@code [rows][rotated / 2]}: sines, likewise. */
    public float[] sin() {
        return sin;
    }

    /** Looks the tokens of a block up. */
    public void read(Block block, WeightSource weights) {
        int width = shape.width();
        for (int segment = 0; segment < block.segments(); segment++) {
            int[] ids = block.ids(segment);
            for (int t = 0; t < block.rows(segment); t++) {
                int row = block.firstRow(segment) + t;
                weights.embedding(ids[block.from(segment) + t], hidden, row * width);
                int position = block.position(segment) + t;
                if (shape.traits().learnsPositions()) {
                    addPosition(weights, row * width, position);
                }
                angles(row, position);
            }
        }
    }

    private void addPosition(WeightSource weights, int at, int position) {
        weights.position(shape.traits().positionOffset() + position, learned, 0);
        for (int i = 0; i < learned.length; i++) {
            hidden[at + i] += learned[i];
        }
    }

    private void angles(int row, int position) {
        DecoderShape.Rope rope = shape.rope();
        int pairs = rope.rotated() / 2;
        for (int i = 0; i < pairs; i++) {
            double angle = position * rope.inverseFrequencies()[i];
            cos[row * pairs + i] = (float) (Math.cos(angle) * rope.magnitude());
            sin[row * pairs + i] = (float) (Math.sin(angle) * rope.magnitude());
        }
    }
}
