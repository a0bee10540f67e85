/**
 * Ways to guess how a text goes on, and what hosts them: {@link Drafter} is what a technique
 * implements, in a package of its own below this one, and {@link DraftFollower} keeps it in step
 * with a text, in a draft service or in the target's own process.
 */
@NullMarked
package dev.slipstream.drafting;

import org.jspecify.annotations.NullMarked;
