/** How long a step takes on a machine, from what each layer attends and moves. Everything here is modelled. */
package io.longinfer.eval.hardware.timing;
