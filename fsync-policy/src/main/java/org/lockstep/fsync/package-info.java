/** What "secured" means: durable, no-sync, write-barrier. Pure; docs/fsync-policy.md says what each can lose. */
package org.lockstep.fsync;
