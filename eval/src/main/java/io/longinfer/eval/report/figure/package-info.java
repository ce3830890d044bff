/** Figures of a report: from result lines to rows, and which column is drawn how. They do not know HTML. */
package io.longinfer.eval.report.figure;
