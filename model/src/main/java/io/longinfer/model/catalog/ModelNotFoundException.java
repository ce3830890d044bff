package io.longinfer.model.catalog;

import java.io.IOException;

/** A model's name or path leads to no model file; the message says what to do. */
public final class ModelNotFoundException extends IOException {
    private final String model;

    ModelNotFoundException(String model, String message) {
        super(message);
        this.model = model;
    }

    /** The name or path as it was given. */
    public String model() {
        return model;
    }
}
