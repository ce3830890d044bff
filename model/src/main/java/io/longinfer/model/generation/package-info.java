/** Running a model: sessions that read and continue a sequence, sampling, and generation with its timings. */
package io.longinfer.model.generation;
