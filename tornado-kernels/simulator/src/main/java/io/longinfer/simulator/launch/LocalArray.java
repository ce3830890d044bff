package io.longinfer.simulator.launch;

import io.longinfer.simulator.memory.AccessHistory;

/** An array of a group's local memory and who touched its elements; lives as long as the launch. */
record LocalArray(Object array, int size, AccessHistory history) {}
