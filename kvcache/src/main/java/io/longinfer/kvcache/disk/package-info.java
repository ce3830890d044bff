/**
 * One file per sequence: its format and a background writer; and one engine that reads for all of them with many requests in
 * flight.
 */
package io.longinfer.kvcache.disk;
