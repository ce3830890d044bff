/**
 * Matrix-vector and matrix-matrix products over weights that stay in their own block format. Decode multiplies one token and
 * is bound by reading and decoding weights: {@code SmallBlocks}, {@code NibblePairs}, {@code SuperBlocks}, {@code
 * SixBitBlocks} and {@code PlainRows} decode in registers, {@code FewTokens} for a batch of sequences. Prefill multiplies many tokens and is bound by multiply-adds:
 * {@code OuterTiles} and, for a few tokens, {@code DotTiles} expand some rows to floats and share them.
 */
package io.longinfer.kernels.linear;
