/** Half precision numbers. Simulated: see {@link io.longinfer.simulator}. */
package uk.ac.manchester.tornado.api.types;
