/** Arrays outside the heap, with a header before the first element. Simulated: see {@link io.longinfer.simulator}. */
package uk.ac.manchester.tornado.api.types.arrays;
