package io.longinfer.eval.cli;

/** Shares of device, host and disk, in percent, that sum to 100. */
record TierShares(int device, int host, int disk) {}
