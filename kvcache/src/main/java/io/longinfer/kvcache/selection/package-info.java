/** Which chunks a query attends: pure functions of scores and budgets. */
package io.longinfer.kvcache.selection;
