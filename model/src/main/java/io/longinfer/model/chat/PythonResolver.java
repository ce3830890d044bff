package io.longinfer.model.chat;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.exptest.ExpTest;
import com.hubspot.jinjava.lib.filter.Filter;
import com.hubspot.jinjava.util.ForLoop;
import java.beans.FeatureDescriptor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import jinjava.javax.el.ELContext;
import jinjava.javax.el.ELResolver;

/**
 * All that a template can do to a value: look into texts, lists, maps and the loop, call Python's methods of texts and maps,
 * and apply filters and tests. Every other object is opaque, so that no template reaches Java. Stateless, safe for any thread.
 */
final class PythonResolver extends ELResolver {
    @Override
    public Object getValue(ELContext context, Object base, Object property) {
        if (base == null) {
            return null; // a variable: jinjava looks it up
        }
        context.setPropertyResolved(true);
        return switch (base) {
            case Map<?, ?> map -> map.get(String.valueOf(property));
            case List<?> list -> element(list, property);
            case Object[] array -> element(Arrays.asList(array), property);
            case String text -> character(text, property);
            case ForLoop loop -> loopValue(loop, String.valueOf(property));
            default -> null;
        };
    }

    @Override
    @SuppressWarnings("unchecked") // the arguments of filters come from jinjava as it defines them
    public Object invoke(ELContext context, Object base, Object method, Class<?>[] types, Object[] arguments) {
        context.setPropertyResolved(true);
        String name = String.valueOf(method);
        return switch (base) {
            case Filter filter
            when "filter".equals(name) ->
                filter.filter(
                        arguments[0], (JinjavaInterpreter) arguments[1], (Object[]) arguments[2], (Map<String, Object>)
                                arguments[3]);
            case ExpTest test
            when "evaluate".equals(name) ->
                test.evaluate(arguments[0], (JinjavaInterpreter) arguments[1], rest(arguments));
            case ExpTest test
            when "evaluateNegated".equals(name) ->
                test.evaluateNegated(arguments[0], (JinjavaInterpreter) arguments[1], rest(arguments));
            case String text -> PythonText.call(text, name, arguments);
            case Map<?, ?> map -> callMap(map, name, arguments);
            case List<?> list when "reversed".equals(name) -> list.reversed();
            case null -> throw ChatTemplateException.failure("method " + name + " of what is not defined");
            default -> throw ChatTemplateException.failure("there is no method " + name + " here");
        };
    }

    private static Object[] rest(Object... arguments) {
        return Arrays.copyOfRange(arguments, 2, arguments.length);
    }

    /** The pairs of a map, each a list of two. */
    static List<Object> items(Map<?, ?> map) {
        List<Object> items = new ArrayList<>();
        map.forEach((key, value) -> items.add(Arrays.asList(key, value)));
        return items;
    }

    private static Object callMap(Map<?, ?> map, String method, Object... arguments) {
        return switch (method) {
            case "get" -> {
                Object value = map.get(String.valueOf(arguments[0]));
                yield value == null && arguments.length > 1 ? arguments[1] : value;
            }
            case "items" -> items(map);
            case "keys" -> new ArrayList<Object>(map.keySet());
            case "values" -> new ArrayList<Object>(map.values());
            default -> throw ChatTemplateException.failure("maps have no method " + method + " here");
        };
    }

    private static Object element(List<?> list, Object property) {
        int index = index(property, list.size());
        return index < 0 ? null : list.get(index);
    }

    private static Object character(String text, Object property) {
        int index = index(property, text.codePointCount(0, text.length()));
        return index < 0 ? null : Character.toString(text.codePointAt(text.offsetByCodePoints(0, index)));
    }

    /** The place that an index means, counted from the end if it is negative, or -1 if there is none. */
    private static int index(Object property, int size) {
        String digits = Objects.toString(property);
        if (!digits.matches("-?[0-9]{1,9}")) {
            return -1;
        }
        int index = Integer.parseInt(digits);
        index = index < 0 ? index + size : index;
        return index < size ? Math.max(index, -1) : -1;
    }

    private static Object loopValue(ForLoop loop, String property) {
        return switch (property) {
            case "index" -> loop.getIndex();
            case "index0" -> loop.getIndex0();
            case "revindex" -> loop.getRevindex();
            case "revindex0" -> loop.getRevindex0();
            case "first" -> loop.isFirst();
            case "last" -> loop.isLast();
            case "length" -> loop.getLength();
            case "depth" -> loop.getDepth();
            case "depth0" -> loop.getDepth0();
            default -> throw ChatTemplateException.failure("loop." + property + " is not supported");
        };
    }

    @Override
    public void setValue(ELContext context, Object base, Object property, Object value) {
        throw ChatTemplateException.failure("values cannot be changed");
    }

    @Override
    public boolean isReadOnly(ELContext context, Object base, Object property) {
        return true;
    }

    @Override
    public Class<?> getType(ELContext context, Object base, Object property) {
        return Object.class;
    }

    @Override
    public Class<?> getCommonPropertyType(ELContext context, Object base) {
        return Object.class;
    }

    @Override
    public Iterator<FeatureDescriptor> getFeatureDescriptors(ELContext context, Object base) {
        return Collections.emptyIterator();
    }
}
