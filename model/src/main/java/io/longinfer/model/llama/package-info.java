/** The Llama family in GGUF files: from names and metadata to a decoder's shape and weights. */
package io.longinfer.model.llama;
