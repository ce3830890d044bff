/**
 * Tasks that hide one thing at a chosen depth of a text of a chosen length, for grids of depth by length: InfiniteBench's synthetic
 * retrieval (Zhang et al., arXiv 2402.13718), facts in the documents that the embedded model knows, and G. Kamradt's needle in an essay.
 */
package io.longinfer.eval.accuracy.depth;
