/** Intervals and tests for measured figures, with commons-math3. */
package io.longinfer.eval.statistics;
