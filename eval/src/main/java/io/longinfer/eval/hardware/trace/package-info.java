/** What a real decode run selected and moved, step by step and layer by layer, in memory and as a file. */
package io.longinfer.eval.hardware.trace;
