/** Devices and the shapes of kernels. Simulated: see {@link io.longinfer.simulator}. */
package uk.ac.manchester.tornado.api.common;
