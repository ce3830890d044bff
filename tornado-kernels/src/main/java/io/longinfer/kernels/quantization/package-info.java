/** Block formats of quantised tensors: their layout, scalar reading and (later) device kernels. */
package io.longinfer.kernels.quantization;
