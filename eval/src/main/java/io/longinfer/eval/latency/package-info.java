/** Decode latency of several ways to manage KV, measured side by side on the same work. */
package io.longinfer.eval.latency;
