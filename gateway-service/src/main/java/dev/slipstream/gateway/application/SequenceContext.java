package dev.slipstream.gateway.application;

import dev.slipstream.gateway.upstream.Drafts;
import dev.slipstream.gateway.upstream.Targets;

/** What all sequences of this gateway have in common. */
record SequenceContext(
    Targets targets,
    Drafts drafts,
    Suspects suspects,
    Quarantine quarantine,
    Defects defects,
    GatewayMetrics metrics,
    GenerationSettings settings) {}
