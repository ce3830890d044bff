/** Modelled hardware: traces of real runs, replayed on machines that are described and not there. What comes out is labelled as modelled. */
package io.longinfer.eval.hardware;
