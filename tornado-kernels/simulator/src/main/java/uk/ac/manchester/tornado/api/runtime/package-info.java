/** Where the devices are listed. Simulated: see {@link io.longinfer.simulator}. */
package uk.ac.manchester.tornado.api.runtime;
