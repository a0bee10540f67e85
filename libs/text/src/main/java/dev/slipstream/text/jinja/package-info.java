/**
 * An interpreter of Jinja2 as chat templates use it, to the byte what Python's jinja2 makes of a
 * template in the environment that {@code transformers} sets up: an immutable sandbox, {@code
 * trim_blocks}, {@code lstrip_blocks}, loop controls, {@code {% generation %}}, json.dumps for
 * {@code tojson}, {@code raise_exception} and {@code strftime_now}, no autoescaping.
 *
 * <p>A template goes through {@link dev.slipstream.text.jinja.Lexer}, {@link
 * dev.slipstream.text.jinja.StatementParser} and {@link
 * dev.slipstream.text.jinja.StatementCompiler}, which gives every name its place as jinja2's
 * compiler does, so that scopes are the same. What a template needs and this package lacks
 * (inheritance, imports, autoescaping, {@code pprint}, {@code urlize}, {@code wordwrap}, {@code
 * random}, {@code lipsum}, bytes, complex numbers) is an error when it is parsed.
 *
 * <p>Templates are untrusted: nothing is reflective, and every operation, however deep inside a
 * value, is charged to a {@link dev.slipstream.text.jinja.Budget} before it is carried out.
 */
@NullMarked
package dev.slipstream.text.jinja;

import org.jspecify.annotations.NullMarked;
