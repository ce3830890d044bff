/**
 * Speculation of the next layer's attention from a few channels of skewed queries and keys, as InfiniGen does (arXiv 2406.19707):
 * sums over a prompt, the skew that follows from them, and the keys in its leading channels.
 */
package io.longinfer.kvcache.speculation;
