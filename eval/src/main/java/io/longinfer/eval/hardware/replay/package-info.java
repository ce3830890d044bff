/** Traces through the real placement of chunks with other capacities, and what that makes of them in another shape and context. */
package io.longinfer.eval.hardware.replay;
