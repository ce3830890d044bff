/** Device, host and disk tiers: budgets, slots, who moves where, and attention over chunks wherever they lie. */
package io.longinfer.kvcache.tier;
