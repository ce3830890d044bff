/**
 * TornadoVM as a {@link io.longinfer.kernels.device.Device}: task graphs of the kernels of the other packages, one set for all
 * layers of a model.
 */
package io.longinfer.kernels.device.tornado;
