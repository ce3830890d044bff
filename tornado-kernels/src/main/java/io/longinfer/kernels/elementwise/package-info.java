/** Normalisation, rotary positions, gated activations and softmax. */
package io.longinfer.kernels.elementwise;
