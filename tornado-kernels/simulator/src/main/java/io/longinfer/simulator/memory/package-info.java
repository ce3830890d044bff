/** Device copies of arrays and what is remembered of each element: written or not, by whom, read by whom. */
package io.longinfer.simulator.memory;
