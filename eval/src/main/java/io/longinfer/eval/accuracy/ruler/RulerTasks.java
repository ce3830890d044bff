package io.longinfer.eval.accuracy.ruler;

import io.longinfer.eval.accuracy.Task;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Makes RULER's tasks by name. Stateless. */
public final class RulerTasks {
    private static final String SQUAD = "qa_1";
    private static final String HOTPOT = "qa_2";

    private RulerTasks() {}

    /** All names, in RULER's order. */
    public static List<String> names() {
        List<String> names = new ArrayList<>(namesWithoutFiles());
        names.add(SQUAD);
        names.add(HOTPOT);
        return names;
    }

    /** The names of the tasks that need no file. */
    public static List<String> namesWithoutFiles() {
        List<String> names =
                new ArrayList<>(Niah.FORMS.stream().map(Niah.Form::name).toList());
        names.addAll(List.of("vt", "cwe", "fwe"));
        return names;
    }

    /**
     * The task of a name.
     *
     * @param squad SQuAD 2.0 development set, for {@code qa_1}
     * @param hotpot HotpotQA development set with distractors, for {@code qa_2}
     * @throws RulerException if there is no such task, or its file is missing or wrong
     */
    public static Task of(String name, RulerSetting setting, Optional<Path> squad, Optional<Path> hotpot)
            throws IOException {
        for (Niah.Form form : Niah.FORMS) {
            if (form.name().equals(name)) {
                return new Niah(setting, form);
            }
        }
        return switch (name) {
            case "vt" -> new VariableTracking(setting);
            case "cwe" -> new CommonWords(setting);
            case "fwe" -> new FrequentWords(setting);
            case SQUAD -> new QuestionAnswering(setting, SQUAD, QuestionSet.squad(file(squad, name, "--squad")));
            case HOTPOT -> new QuestionAnswering(setting, HOTPOT, QuestionSet.hotpot(file(hotpot, name, "--hotpot")));
            default ->
                throw new RulerException("'" + name + "' is no task of RULER: " + String.join(", ", names()) + " are");
        };
    }

    private static Path file(Optional<Path> file, String name, String option) {
        return file.orElseThrow(
                () -> new RulerException("task " + name + " asks questions of a file: " + option + " FILE expected"));
    }
}
