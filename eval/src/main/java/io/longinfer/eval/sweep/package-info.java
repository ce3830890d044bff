/** Sweeps: a declared grid of runs, in random order, one JSON line each, which an interruption does not cost. */
package io.longinfer.eval.sweep;
