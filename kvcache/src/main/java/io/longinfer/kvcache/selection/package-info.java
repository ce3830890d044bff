/** Which chunks a query attends: scoring, best-first search of the chunk tree, budgets of layers. */
package io.longinfer.kvcache.selection;
