/** The one device that the simulator offers. */
package io.longinfer.simulator.device;
