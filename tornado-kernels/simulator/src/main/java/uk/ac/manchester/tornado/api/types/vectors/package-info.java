/** Small vectors of halves. Simulated: see {@link io.longinfer.simulator}. */
package uk.ac.manchester.tornado.api.types.vectors;
