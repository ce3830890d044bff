/** Recorded graphs, and plans that execute them: device copies, transfers, and what passes from graph to graph. */
package io.longinfer.simulator.graph;
