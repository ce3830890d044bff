/** Closed chunks of a layer: how many there are, which are always kept close, and how important each has been. */
package io.longinfer.kvcache.chunk;
