/** Attention over chunks of fp16 keys and values named by a block table, with a running softmax that can be continued. */
package io.longinfer.kernels.attention;
