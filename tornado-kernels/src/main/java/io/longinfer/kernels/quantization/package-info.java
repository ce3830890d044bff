/**
 * Block formats of quantised tensors: their layout, scalar reading and (later) device kernels; and chunks of keys and values
 * in codes of 8 or 4 bits.
 */
package io.longinfer.kernels.quantization;
