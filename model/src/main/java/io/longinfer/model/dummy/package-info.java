/** Weights of published shapes made up at random, for studies of latency and memory that need no checkpoint. */
package io.longinfer.model.dummy;
