/** The tiers and their byte budgets, which nothing allocates around. */
package io.longinfer.kvcache.budget;
