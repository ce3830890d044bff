/** Instruments: what can be measured of a selection and is no part of the system, neither of its decisions nor of its budgets. */
package io.longinfer.kvcache.probe;
