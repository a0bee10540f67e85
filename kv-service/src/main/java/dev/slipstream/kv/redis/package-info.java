/** Blocks in a Redis or Valkey, which replicas of the service share. */
package dev.slipstream.kv.redis;
