/** Marks on the loops of kernels. Simulated: see {@link io.longinfer.simulator}. */
package uk.ac.manchester.tornado.api.annotations;
