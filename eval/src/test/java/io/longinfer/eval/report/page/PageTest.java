package io.longinfer.eval.report.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.eval.report.figure.Drawing;
import io.longinfer.eval.report.figure.Figure;
import io.longinfer.eval.report.figure.Figure.Column;
import io.longinfer.eval.report.figure.Unit;
import io.longinfer.eval.report.results.Sources;
import java.util.List;
import org.junit.jupiter.api.Test;

class PageTest {
    private static final String EVIL = "<script>alert(\"1\")</script> & 'x' | *y*, z";

    /** A figure with that drawing, its texts all {@code text}. */
    private static Figure figure(String text, Drawing drawing) {
        return new Figure(
                "evil-1",
                text,
                text,
                text,
                List.of(
                        new Column("context", Unit.TOKENS),
                        new Column(text, Unit.TEXT),
                        new Column("time", Unit.MILLIS)),
                List.of(List.of(1000.0, text, 1.25), List.of(2000.0, text, Double.NaN)),
                drawing,
                new Sources(List.of(new Sources.Run(text, text, text, text, text, text, 2))));
    }

    private static List<Figure> evil() {
        return List.of(
                figure(EVIL, new Drawing.Lines(0, 1, 2, 2, 2, "")),
                figure(EVIL, new Drawing.Bars(0, 1, 2, 2, 2, 1)),
                figure(EVIL, new Drawing.Heat(EVIL, EVIL)),
                figure(EVIL, new Drawing.Matrix(1, 1, 2, 2, 2)));
    }

    @Test
    void nothingOfAFileIsMarkup() {
        String page = HtmlPage.of(evil(), EVIL);
        assertFalse(page.contains("<script"), page);
        assertFalse(page.contains("\"1\""), page);
        assertTrue(page.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;"), page);
        String markdown = MarkdownTables.of(evil());
        assertFalse(markdown.contains("<"), markdown);
        assertTrue(
                markdown.contains("| 1,000 | &lt;script>alert(\"1\")&lt;/script> &amp; 'x' \\| \\*y\\*, z | 1.25 |"),
                markdown);
    }

    @Test
    void thePageAsksForNothing() {
        String page = HtmlPage.of(evil(), "x");
        assertFalse(page.contains(" src="), page);
        assertFalse(page.contains("url("), page);
        assertFalse(page.replace("http://www.w3.org/2000/svg", "").contains("://"), page);
        assertTrue(page.startsWith("<!DOCTYPE html>"), page);
        for (String needed : List.of(
                "<html lang=\"en\">",
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
                "role=\"img\" aria-labelledby=\"evil-1-title\"",
                "<title id=\"evil-1-title\">",
                "<figcaption>",
                "<details><summary>",
                "scope=\"col\"",
                "scope=\"row\"")) {
            assertTrue(page.contains(needed), needed);
        }
    }

    @Test
    void csvIsThatOfRfc4180() {
        String quoted = "\"<script>alert(\"\"1\"\")</script> & 'x' | *y*, z\"";
        assertEquals(
                List.of("context," + quoted + ",time (ms)", "1000," + quoted + ",1.25", "2000," + quoted + ",", ""),
                List.of(CsvFiles.of(evil().getFirst()).split("\r\n", -1)));
    }

    @Test
    void anElementLeftOpenIsAMistake() {
        Markup markup = new Markup().open("p").text("x");
        assertThrows(IllegalStateException.class, markup::toString);
        assertEquals("<p>x</p>", markup.close().toString());
    }

    @Test
    void scalesHaveRoundTicks() {
        Scale linear = Scale.ofValues(3, 47, 0, 100, 1);
        assertEquals(List.of(0.0, 10.0, 20.0, 30.0, 40.0, 50.0), linear.ticks());
        assertEquals(94, linear.at(47), 1e-9);
        Scale wide = Scale.ofValues(2, 4000, 100, 0, 1);
        assertTrue(wide.logarithmic());
        assertEquals(List.of(10.0, 100.0, 1000.0), rounded(wide.ticks())); // from 2 to 5000
        assertEquals(50, wide.at(100), 1e-9);
        assertEquals(
                List.of(0.0, 1.0, 2.0, 3.0),
                Scale.ofLengths(0, 2.6 * 1024, 0, 1, 1024).ticks().stream()
                        .map(tick -> tick / 1024)
                        .filter(tick -> tick == Math.rint(tick))
                        .toList());
        assertEquals(
                List.of(-0.1, 0.0, 0.1, 0.2),
                rounded(Scale.ofLengths(-0.06, 0.2, 0, 1, 1).ticks()).stream()
                        .filter(tick -> Math.abs(tick * 10 - Math.rint(tick * 10)) < 1e-9)
                        .toList());
        assertEquals(
                List.of(0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
                rounded(Scale.ofValues(0, 0, 0, 1, 1).ticks()));
    }

    private static List<Double> rounded(List<Double> values) {
        return values.stream().map(value -> Math.rint(value * 1e6) / 1e6 + 0.0).toList();
    }

    @Test
    void coloursGrowLighter() {
        double last = -1;
        for (int step = 0; step <= 100; step++) {
            int colour = Integer.parseInt(Cividis.colour(step / 100.0).substring(1), 16);
            double lightness = 0.2126 * (colour >> 16) + 0.7152 * (colour >> 8 & 0xFF) + 0.0722 * (colour & 0xFF);
            assertTrue(lightness > last, "step " + step + ": " + lightness + " after " + last);
            last = lightness;
        }
        assertEquals("#d9d9d9", Cividis.colour(Double.NaN));
    }

    @Test
    void unitsAreReadable() {
        assertEquals("12.3", Unit.MILLIS.format(12.345));
        assertEquals("–", Unit.MILLIS.format(Double.NaN));
        assertEquals("85.0 %", Unit.SHARE.format(0.85));
        assertEquals("−1.50 %", Unit.CHANGE.format(-0.015));
        assertEquals("2.50×", Unit.TIMES.format(2.5));
        assertEquals("8K", Unit.TOKENS.tick(8000));
        assertEquals("1,500", Unit.PLAIN.tick(1500));
    }
}
