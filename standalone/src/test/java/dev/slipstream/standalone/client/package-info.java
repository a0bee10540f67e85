/** What users' own clients see of a running suite, and what hostile ones can do to it. */
package dev.slipstream.standalone.client;
