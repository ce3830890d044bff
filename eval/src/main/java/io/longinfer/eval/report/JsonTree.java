package io.longinfer.eval.report;

import java.lang.reflect.Array;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Turns records into trees of maps, lists, texts and numbers that any JSON writer takes. */
public final class JsonTree {
    private JsonTree() {}

    /**
     * The tree of a value: a record becomes a map by its components' names, a constant its name in lower case.
     *
     * @throws IllegalArgumentException if there is something in it that JSON has no form for
     */
    public static Object of(Object value) {
        return switch (value) {
            case null -> null;
            case Float number -> Float.isFinite(number) ? number : null;
            case Double number -> Double.isFinite(number) ? number : null;
            case Number number -> number;
            case Boolean flag -> flag;
            case CharSequence text -> text.toString();
            case Path path -> path.toString();
            case Enum<?> constant -> constant.name().toLowerCase(Locale.ROOT);
            case Optional<?> optional -> of(optional.orElse(null));
            case Record node -> ofRecord(node);
            case Map<?, ?> map -> {
                Map<String, Object> tree = new LinkedHashMap<>();
                map.forEach((key, entry) -> tree.put(String.valueOf(of(key)), of(entry)));
                yield tree;
            }
            case Collection<?> entries -> ofAll(entries);
            default -> ofOther(value);
        };
    }

    private static Object ofOther(Object value) {
        if (!value.getClass().isArray()) {
            throw new IllegalArgumentException(value.getClass().getName() + " has no form in JSON");
        }
        List<Object> list = new ArrayList<>();
        for (int index = 0; index < Array.getLength(value); index++) {
            list.add(of(Array.get(value, index)));
        }
        return list;
    }

    private static List<Object> ofAll(Collection<?> entries) {
        List<Object> list = new ArrayList<>();
        for (Object entry : entries) {
            list.add(of(entry));
        }
        return list;
    }

    private static Map<String, Object> ofRecord(Record node) {
        Map<String, Object> tree = new LinkedHashMap<>();
        for (RecordComponent component : node.getClass().getRecordComponents()) {
            try {
                component.getAccessor().setAccessible(true); // the record may not be public
                tree.put(component.getName(), of(component.getAccessor().invoke(node)));
            } catch (ReflectiveOperationException e) {
                throw new IllegalArgumentException(component + " cannot be read", e);
            }
        }
        return tree;
    }
}
