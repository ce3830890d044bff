/** The pipeline over the three tiers: what moves while the device computes, and models of slower links (paper: DTP). */
package io.longinfer.kvcache.pipeline;
