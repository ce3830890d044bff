/**
 * Weights that do not fit the device: layers and parts of the output matrix lie in device, host or a file, as FlexGen places
 * them, and pass through two staging buffers on the device, one ahead of what computes.
 */
package io.longinfer.model.weights;
