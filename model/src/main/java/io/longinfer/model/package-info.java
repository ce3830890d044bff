/** A model as a whole: its file, weights, tokenizer and chat template. */
package io.longinfer.model;
