package dev.slipstream.kv.storage;

/**
 * A block of one tenant. The tenant is part of the identity, so equal content of two tenants is two
 * blocks, and looking one up takes the same path whether or not another tenant has it.
 */
public record BlockId(String tenant, ContentKey key) {}
