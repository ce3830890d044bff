package io.longinfer.kvcache.disk;

import org.junit.jupiter.api.Assumptions;

/** Opens engines for tests; where io_uring is refused, the test is skipped, which shows. */
final class Engines {
    private Engines() {}

    static DiskIo open(DiskIo.Options options) {
        try {
            return DiskIo.open(options);
        } catch (DiskException e) {
            Assumptions.assumeTrue(options.backend() != DiskIo.Backend.URING, e.getMessage());
            throw e;
        }
    }
}
