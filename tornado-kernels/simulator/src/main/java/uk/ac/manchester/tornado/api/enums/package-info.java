/** Choices of transfers, devices and backends. Simulated: see {@link io.longinfer.simulator}. */
package uk.ac.manchester.tornado.api.enums;
