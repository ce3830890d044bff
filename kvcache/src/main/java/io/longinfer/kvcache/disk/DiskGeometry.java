package io.longinfer.kvcache.disk;

/**
 * Where each block lies in the file of a sequence. Chunks and groups of abstracts have the same size; each is one block, the
 * chunks of a (layer, KV head) contiguous and in order, and so its groups.
 *
 * <pre>
 * header   one stride or more
 * chunks   [layers][kvHeads][chunksPerHead]   blocks
 * groups   [layers][kvHeads][groupsPerHead]   blocks
 * </pre>
 *
 * <p>Blocks that are never written take no space where the file system knows sparse files.
 *
 * @param groupsPerHead 0 if no abstracts lie on disk
 * @param blockBytes bytes of a chunk, and of a group of abstracts
 * @param alignmentBytes what direct I/O asks for: blocks start at multiples of it
 */
public record DiskGeometry(
        int layers, int kvHeads, int chunksPerHead, int groupsPerHead, int blockBytes, int alignmentBytes) {
    public DiskGeometry {
        if (layers <= 0 || kvHeads <= 0 || chunksPerHead <= 0 || groupsPerHead < 0 || blockBytes <= 0) {
            throw new IllegalArgumentException("a disk tier has layers, KV heads, chunks and blocks of some bytes, not "
                    + layers + ", " + kvHeads + ", " + chunksPerHead + " and " + blockBytes
                    + ", and no negative groups: "
                    + groupsPerHead);
        }
        if (alignmentBytes < DiskHeader.BYTES || Integer.bitCount(alignmentBytes) != 1) {
            throw new IllegalArgumentException(
                    "an alignment is a power of two from " + DiskHeader.BYTES + ", not " + alignmentBytes);
        }
        long blocks = (long) layers * kvHeads * ((long) chunksPerHead + groupsPerHead);
        if (blocks > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(blocks + " blocks are more than a file holds, " + Integer.MAX_VALUE);
        }
    }

    /** Bytes from one block to the next. */
    public int strideBytes() {
        return Math.ceilDiv(blockBytes, alignmentBytes) * alignmentBytes;
    }

    /** Bytes before the first block. */
    public int headerBytes() {
        return Math.ceilDiv(DiskHeader.BYTES, alignmentBytes) * alignmentBytes;
    }

    /** Blocks of the file. */
    public int blocks() {
        return layers * kvHeads * (chunksPerHead + groupsPerHead);
    }

    /** Bytes of the file when every block is written. */
    public long fileBytes() {
        return offset(blocks());
    }

    /** The block of a chunk. */
    public int chunkBlock(int layer, int kvHead, int chunk) {
        return (layer * kvHeads + kvHead) * chunksPerHead + chunk;
    }

    /** The block of a group of abstracts. */
    public int groupBlock(int layer, int kvHead, int group) {
        return layers * kvHeads * chunksPerHead + (layer * kvHeads + kvHead) * groupsPerHead + group;
    }

    /** Where a block starts in the file, in bytes. */
    public long offset(int block) {
        return headerBytes() + (long) block * strideBytes();
    }

    /** A block in words, for messages. */
    public String describe(int block) {
        int chunks = layers * kvHeads * chunksPerHead;
        boolean chunk = block < chunks;
        int perHead = chunk ? chunksPerHead : groupsPerHead;
        int index = chunk ? block : block - chunks;
        int head = index / perHead;
        return (chunk ? "chunk " : "abstracts group ") + index % perHead + " of layer " + head / kvHeads + ", KV head "
                + head % kvHeads;
    }
}
