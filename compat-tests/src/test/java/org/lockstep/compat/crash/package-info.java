/**
 * What survives a crash: kill -9 under load, power cuts rebuilt from a trace of every write and flush, flushes that fail, full
 * disks. docs/fsync-policy.md says what each fsync policy promises; the tests here are its proof.
 */
package org.lockstep.compat.crash;
