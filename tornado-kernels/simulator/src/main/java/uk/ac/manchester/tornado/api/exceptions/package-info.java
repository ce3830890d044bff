/** What goes wrong, by TornadoVM's names. Simulated: see {@link io.longinfer.simulator}. */
package uk.ac.manchester.tornado.api.exceptions;
