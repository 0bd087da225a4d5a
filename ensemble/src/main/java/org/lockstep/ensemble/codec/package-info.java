/**
 * What the core persists and sends, as bytes. Pure: JDK buffers in, JDK buffers out; no socket, no file. Whatever the bytes, a
 * decoder ends in a value or in {@link org.lockstep.ensemble.codec.MalformedMessageException}.
 */
package org.lockstep.ensemble.codec;
