/** Blocks in a Redis or Valkey, which replicas of the service share. */
@NullMarked
package dev.slipstream.kv.redis;

import org.jspecify.annotations.NullMarked;
