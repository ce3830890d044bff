/** The seam between the scheduler and whatever computes: a device, its memory for KV chunks, and the two stages of a layer. */
package io.longinfer.kernels.device;
