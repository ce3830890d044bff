/**
 * Conversations become prompts by the Jinja template that a model's file carries. The template is foreign code: it is rendered
 * by jinjava behind a resolver of ours that knows texts, lists and maps and no Java object, with limits on output, steps and
 * time, and Python's meaning of the methods and filters that templates use.
 */
package io.longinfer.model.chat;
