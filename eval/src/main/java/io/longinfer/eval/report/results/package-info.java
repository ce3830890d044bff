/** Result lines, one JSON object a run, as commands write them and reports read them. */
package io.longinfer.eval.report.results;
