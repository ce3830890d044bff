/**
 * Text to token ids and back, from the vocabulary of a GGUF file or a {@code tokenizer.json}: byte-level BPE behind its
 * pre-tokenizers, and SentencePiece BPE by scores or by ranked merges.
 */
package io.longinfer.model.tokenizer;
