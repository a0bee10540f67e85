/** What the source tree as a whole must be like: who may know whom, and what a technique owes. */
package dev.slipstream.standalone.architecture;
