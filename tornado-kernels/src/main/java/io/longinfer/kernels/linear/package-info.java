/** Matrix-vector and matrix-matrix products over weights that stay in their own block format. */
package io.longinfer.kernels.linear;
