/** One kernel over one grid: groups one after the other, work-items of a group in turns between barriers. */
package io.longinfer.simulator.launch;
