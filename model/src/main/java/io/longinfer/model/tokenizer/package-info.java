/**
 * Text to token ids and back, from a GGUF file's own vocabulary, id for id as llama.cpp does it: byte-level BPE behind its
 * pre-tokenizers, and SentencePiece BPE by scores.
 */
package io.longinfer.model.tokenizer;
