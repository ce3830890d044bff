/**
 * RULER (Hsieh et al., arXiv 2404.06654): synthetic tasks whose prompts fill a context, built and scored as published. What differs
 * is said where it does: numbers are drawn by Java's generator and not Python's, word lists are ours unless a file is given, and
 * journal text stands for essays unless a file is given.
 */
package io.longinfer.eval.accuracy.ruler;
