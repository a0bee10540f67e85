/** Chats as the model has learnt to read them. */
@NullMarked
package dev.slipstream.text.template;

import org.jspecify.annotations.NullMarked;
