/**
 * What the device kernels cost by count: each is run at realistic sizes on an emulator of a GPU, whose report is set beside what
 * the kernel has to move at least. See {@code scripts/kernel-counts.sh} and {@code docs/kernels.md}.
 */
package io.longinfer.kernels.counts;
