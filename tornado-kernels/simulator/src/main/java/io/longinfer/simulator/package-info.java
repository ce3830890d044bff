/** TornadoVM's API on a plain JVM, with a checker of kernels; its classes come with the device kernels. */
package io.longinfer.simulator;
