/** From a method reference to code that can be run for a work-item. */
package io.longinfer.simulator.kernel;
