/** Graphs, plans, grids and the kernel's context, with the names and signatures of TornadoVM 5.2.0. Simulated: see {@link io.longinfer.simulator}. */
package uk.ac.manchester.tornado.api;
