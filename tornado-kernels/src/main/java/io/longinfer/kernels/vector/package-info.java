/** What the Vector API forms of several kernel families share: the vector width, fp16 in memory, the exponential. */
package io.longinfer.kernels.vector;
