package io.longinfer.model.dummy;

import java.io.IOException;
import java.util.Set;

/** There is no shape of a name; the message lists those that there are. */
public final class UnknownShapeException extends IOException {
    UnknownShapeException(String name, Set<String> known) {
        super("there is no shape '" + name + "': give the path of a config.json, or one of "
                + String.join(", ", known));
    }
}
