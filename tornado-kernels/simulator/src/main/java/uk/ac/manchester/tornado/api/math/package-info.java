/** Functions that kernels call. Simulated: see {@link io.longinfer.simulator}. */
package uk.ac.manchester.tornado.api.math;
