/** GGUF files: a reader over mapped memory that trusts no number of the file before it has checked it. */
package io.longinfer.model.gguf;
