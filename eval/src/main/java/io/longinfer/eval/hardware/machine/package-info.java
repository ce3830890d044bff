/** Machines by their figures: built in, or in a file. */
package io.longinfer.eval.hardware.machine;
