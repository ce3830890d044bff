/** The chunk tree of a layer, its adaptive partition by attention deserts, and how important each closed chunk has been (IAKM). */
package io.longinfer.kvcache.chunk;
