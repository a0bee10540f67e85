/** What the service does with blocks, wherever they are kept. */
package dev.slipstream.kv.application;
