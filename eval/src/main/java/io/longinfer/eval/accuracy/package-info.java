/** Accuracy tasks: what is asked, what counts as an answer, and how answers are scored. */
package io.longinfer.eval.accuracy;
