package io.longinfer.kvcache.disk;

/**
 * Where each block lies in the file of a sequence. A block is the slot of a chunk's record or of a group of abstracts; the
 * chunks of a (layer, KV head) are contiguous and in order, and so are its groups.
 *
 * <pre>
 * header   512 bytes, rounded up to the alignment
 * chunks   [layers][kvHeads][chunksPerHead]   slots of chunkStrideBytes
 * groups   [layers][kvHeads][groupsPerHead]   slots of groupStrideBytes
 * </pre>
 *
 * <p>Blocks that are never written take no space where the file system knows sparse files.
 *
 * @param groupsPerHead 0 if no abstracts lie on disk
 * @param recordBytes most bytes of a chunk's record
 * @param groupBytes most bytes of a group of abstracts; 0 if there are none
 * @param alignmentBytes what direct I/O asks for: blocks start at multiples of it
 */
public record DiskGeometry(
        int layers,
        int kvHeads,
        int chunksPerHead,
        int groupsPerHead,
        int recordBytes,
        int groupBytes,
        int alignmentBytes) {
    public DiskGeometry {
        if (layers <= 0 || kvHeads <= 0 || chunksPerHead <= 0 || recordBytes <= 0) {
            throw new IllegalArgumentException(
                    "a disk tier has layers, KV heads, chunks and records of some bytes, not " + layers + ", " + kvHeads
                            + ", " + chunksPerHead + " and " + recordBytes);
        }
        if (groupsPerHead < 0 || groupBytes < 0 || (groupsPerHead > 0 && groupBytes == 0)) {
            throw new IllegalArgumentException("no negative groups of abstracts, and none without bytes: "
                    + groupsPerHead + " groups of " + groupBytes + " bytes");
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

    /** Bytes rounded up to the alignment. */
    public int aligned(int bytes) {
        return (bytes + alignmentBytes - 1) & -alignmentBytes;
    }

    /** Bytes from one chunk to the next. */
    public int chunkStrideBytes() {
        return aligned(recordBytes);
    }

    /** Bytes from one group of abstracts to the next. */
    public int groupStrideBytes() {
        return aligned(groupBytes);
    }

    /** Bytes of a block's slot. */
    public int strideBytes(int block) {
        return block < chunks() ? chunkStrideBytes() : groupStrideBytes();
    }

    /** Most bytes that a block can have. */
    public int mostBytes(int block) {
        return block < chunks() ? recordBytes : groupBytes;
    }

    /** Bytes of the largest slot. */
    public int largestStrideBytes() {
        return Math.max(chunkStrideBytes(), groupStrideBytes());
    }

    /** Bytes before the first block. */
    public int headerBytes() {
        return aligned(DiskHeader.BYTES);
    }

    /** Blocks of the file. */
    public int blocks() {
        return layers * kvHeads * (chunksPerHead + groupsPerHead);
    }

    /** Chunks of the file, which come before its groups. */
    public int chunks() {
        return layers * kvHeads * chunksPerHead;
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
        return chunks() + (layer * kvHeads + kvHead) * groupsPerHead + group;
    }

    /** Where a block starts in the file, in bytes. */
    public long offset(int block) {
        int before = Math.min(block, chunks());
        return headerBytes() + (long) before * chunkStrideBytes() + (long) (block - before) * groupStrideBytes();
    }

    /** A block in words, for messages. */
    public String describe(int block) {
        boolean chunk = block < chunks();
        int perHead = chunk ? chunksPerHead : groupsPerHead;
        int index = chunk ? block : block - chunks();
        int head = index / perHead;
        return (chunk ? "chunk " : "abstracts group ") + index % perHead + " of layer " + head / kvHeads + ", KV head "
                + head % kvHeads;
    }
}
