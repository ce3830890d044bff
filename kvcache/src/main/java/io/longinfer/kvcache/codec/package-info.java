/**
 * How chunks are written for host and disk: fp16, int8 or int4, each with or without lz4 (DTP's dynamic compression, system.md
 * section 4).
 */
package io.longinfer.kvcache.codec;
