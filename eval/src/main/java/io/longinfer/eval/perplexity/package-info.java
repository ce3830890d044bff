/** How well a model foretells a text: perplexity by sliding window, with decoding as it is timed. */
package io.longinfer.eval.perplexity;
