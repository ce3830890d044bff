/**
 * LongBench (Bai et al., arXiv 2308.14508), version 1: long documents with questions, from a local file in its format, with its
 * prompts, lengths of answers and scores. Those of its datasets in Chinese are left out, as they are scored by a word segmentation
 * that is not here; an own prompt and metric can be given for any file.
 */
package io.longinfer.eval.accuracy.longbench;
