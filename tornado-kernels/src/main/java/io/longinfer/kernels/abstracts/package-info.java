/** Abstracts of chunks (element-wise minimum and maximum of the keys) and the bounds of a query's score over them. */
package io.longinfer.kernels.abstracts;
