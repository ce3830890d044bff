/** One file per sequence: its format, a background writer, and readers that keep several requests in flight. */
package io.longinfer.kvcache.disk;
