/** What a run reports: latencies, tiers, links and the environment, as JSON for programs and as tables for people. */
package io.longinfer.eval.report;
