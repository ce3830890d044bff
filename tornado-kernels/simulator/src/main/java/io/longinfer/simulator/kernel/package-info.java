/**
 * From a method reference to code that shows what it does: the class of the kernel is loaded a second time, with calls to the
 * checker put before each access to a Java array, each shift and division, and each barrier.
 */
package io.longinfer.simulator.kernel;
