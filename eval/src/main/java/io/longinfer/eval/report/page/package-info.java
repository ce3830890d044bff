/** Draws figures: one page of HTML with drawings in SVG and no script, tables of CSV, tables of Markdown. */
package io.longinfer.eval.report.page;
