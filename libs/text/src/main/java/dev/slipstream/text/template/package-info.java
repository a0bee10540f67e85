/** Chats as the model has learnt to read them. */
package dev.slipstream.text.template;
