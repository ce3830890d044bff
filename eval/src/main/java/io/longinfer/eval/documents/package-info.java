/** Long documents with facts hidden in them, and questions whose answers are known: generated from a seed, or read. */
package io.longinfer.eval.documents;
