package io.longinfer.eval.accuracy.depth;

import io.longinfer.eval.accuracy.Task;
import io.longinfer.eval.accuracy.TaskException;
import java.util.List;
import java.util.Optional;
import java.util.function.ToIntFunction;

/** Makes the tasks of grids by name. Stateless. */
public final class DepthTasks {
    private DepthTasks() {}

    /** All names. */
    public static List<String> names() {
        return List.of(
                NoiseTask.Form.PASSKEY.label(),
                NoiseTask.Form.NUMBER_STRING.label(),
                KeyValueTask.NAME,
                DocumentTask.NAME,
                EssayTask.NAME);
    }

    /**
     * The task of a name.
     *
     * @param tokenCounter tokens of a text, no BOS among them
     * @param essay for {@code needle_essay}
     * @throws TaskException if there is no such task, or its essay is missing
     */
    public static Task of(
            String name, DepthSetting setting, ToIntFunction<String> tokenCounter, Optional<EssayNeedle> essay) {
        for (NoiseTask.Form form : NoiseTask.Form.values()) {
            if (form.label().equals(name)) {
                return new NoiseTask(setting, form);
            }
        }
        return switch (name) {
            case KeyValueTask.NAME -> new KeyValueTask(setting);
            case DocumentTask.NAME -> new DocumentTask(setting, tokenCounter);
            case EssayTask.NAME ->
                new EssayTask(
                        setting,
                        essay.orElseThrow(() -> new TaskException(
                                "task " + name + " hides a sentence in a file: --essay TEXT expected")));
            default ->
                throw new TaskException("'" + name + "' found, one of " + String.join(", ", names()) + " expected");
        };
    }
}
