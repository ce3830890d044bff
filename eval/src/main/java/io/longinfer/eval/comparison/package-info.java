/** Ways to manage KV, compared behind the same prompts: each prompt is read once, every variant goes on from there. */
package io.longinfer.eval.comparison;
