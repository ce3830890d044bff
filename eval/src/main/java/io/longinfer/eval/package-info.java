/** What people run: the command line, the documents that models are asked about, latency sweeps and what a run reports. */
package io.longinfer.eval;
