package org.lockstep.ensemble.core;

/**
 * A data slot of the log: its place and its payload. Empty slots are never stored.
 *
 * <p>The payload array is shared by everyone who handles the slot and is never changed.
 */
public record Slot(Position position, byte[] payload) {}
