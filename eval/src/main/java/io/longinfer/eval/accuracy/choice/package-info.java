/**
 * Multiple choice by likelihood: of several ways to go on, the one that the model finds likeliest, with questions from local files in
 * their public formats and prompts as those of EleutherAI's lm-evaluation-harness.
 */
package io.longinfer.eval.accuracy.choice;
