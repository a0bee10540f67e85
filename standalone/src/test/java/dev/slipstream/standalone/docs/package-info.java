/** The parts of the documentation that are made from the code. */
package dev.slipstream.standalone.docs;
