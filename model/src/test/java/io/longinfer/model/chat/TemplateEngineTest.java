package io.longinfer.model.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Templates are foreign code: what they may not do, and what is refused because it would be misread. */
class TemplateEngineTest {
    private static final Duration TIME = Duration.ofMillis(1500);

    private static String render(String template) {
        Map<String, Object> message = Map.of("role", "user", "content", "Hello");
        return TemplateEngine.render(template, Map.of("messages", List.of(message), "n", 3), Clock.systemUTC(), TIME);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ ''.getClass() }}",
                "{{ ''.class }}",
                "{{ ''.getClass().forName('java.lang.Runtime') }}",
                "{{ messages.getClass() }}",
                "{{ messages[0].getClass() }}",
                "{{ messages.__class__ }}",
                "{{ n.getClass() }}",
                "{{ n.class.classLoader }}",
                "{{ ____int3rpr3t3r____ }}",
                "{{ ____int3rpr3t3r____.getConfig() }}",
                "{{ ____int3rpr3t3r____.config }}",
                "{{ loop.getClass() }}",
                "{% for m in messages %}{{ loop.getClass() }}{% endfor %}",
                "{% for m in messages %}{{ loop.class }}{% endfor %}",
                "{% macro f() %}{% endmacro %}{{ f.getClass() }}{{ f.class }}",
                "{{ namespace().getClass() }}",
                "{{ range(3).getClass() }}",
                "{% include '/etc/passwd' %}",
                "{% include 'io/longinfer/model/chat/needle.jinja' %}",
                "{% import '/etc/passwd' as p %}",
                "{% from '/etc/passwd' import p %}",
                "{% extends '/etc/passwd' %}",
                "{{ '{{ n }}' | render }}",
                "{{ messages | log }}",
            })
    void reachesNothingOutside(String template) {
        String output;
        try {
            output = render(template);
        } catch (ChatTemplateException e) {
            return; // refused
        }
        assertTrue(output.isBlank(), () -> template + " gave " + output);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{% endfor %}{% endfor %}"
                        + "{% endfor %}",
                "{% for a in range(9999) %}{% for b in range(9999) %}{{ b }}{% endfor %}{% endfor %}",
                "{{ 'a'.replace('', 'b' | center(1000000)).replace('', 'c' | center(1000000)) }}",
                "{% set ns = namespace(x='aaaaaaaaaa') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
                "{% set ns = namespace(x='aaaaaaaaaa') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
                "{% set ns = namespace(x='aaaaaaaaaa') %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x]|join %}"
                        + "{% endfor %}",
                "{% set ns = namespace(x='aaaaaaaaaa') %}{% for i in range(99) %}{% set ns.x = ns.x.replace('a', 'aa') %}"
                        + "{% endfor %}",
                "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
                "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
            })
    void growsWithinLimits(String template) {
        assertThrows(ChatTemplateException.class, () -> render(template));
    }

    @Test
    void deepNestingIsRefused() {
        String parentheses = "(".repeat(100_000) + "1" + ")".repeat(100_000);
        assertThrows(ChatTemplateException.class, () -> render("{{ " + parentheses + " }}"));
        String blocks = "{% if true %}".repeat(20_000) + "{% endif %}".repeat(20_000);
        assertThrows(ChatTemplateException.class, () -> render(blocks));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% for m in messages if m.role == 'user' %}{% endfor %}",
                "{% for m in messages %}x{% else %}y{% endfor %}",
                "{{ messages | nosuchfilter }}",
                "{{ messages is nosuchtest }}",
                "{{ messages is not nosuchtest }}",
                "{{ nosuchfunction() }}",
                "{{ 'x'.nosuchmethod() }}",
                "{{ 'abc'[::2] }}",
                "{% nosuchtag %}",
                "{% if true %}",
                "{{ 'x' ",
                "{{ 'x }}",
                "{% raw %}x",
                "{# x",
                "{{ strftime_now('%Q') }}",
                "{{ '\\uZZZZ' }}",
            })
    void refusesWhatWouldBeMisread(String template) {
        ChatTemplateException failure = assertThrows(ChatTemplateException.class, () -> render(template));
        assertFalse(failure.isRefusal());
        assertTrue(failure.getMessage().startsWith("the model's chat template cannot be rendered: "));
    }

    @Test
    void strftime() {
        ZonedDateTime time = ZonedDateTime.parse("2026-03-07T14:05:09Z");
        assertEquals("07 Mar 2026", TemplateFunctions.strftime("%d %b %Y", time));
        assertEquals(
                "Saturday, March  7, 26 02:05:09 PM 100% 7",
                TemplateFunctions.strftime("%A, %B %e, %y %I:%M:%S %p 100%% %-d", time));
        assertEquals("2026-03-07T14:05:09 066", TemplateFunctions.strftime("%FT%T %j", time));
    }

    @Test
    void saysNothingOnStandardError() {
        PrintStream before = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            assertEquals("Hello", render("{{ messages[0].content }}"));
            assertThrows(ChatTemplateException.class, () -> render("{{ messages | nosuchfilter }}"));
        } finally {
            System.setErr(before);
        }
        assertEquals("", said.toString(StandardCharsets.UTF_8));
    }
}
