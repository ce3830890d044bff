/** Where the abstracts of chunks lie (device, host or disk) and how a query is scored over them (LKA, system.md section 4). */
package io.longinfer.kvcache.abstracts;
