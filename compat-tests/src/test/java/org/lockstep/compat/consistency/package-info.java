/**
 * Consistency under faults: clients write and read while servers are killed, stood still and cut off; what each of them saw is
 * recorded, and checkers that know nothing of any server decide whether one correct service could have answered so.
 */
package org.lockstep.compat.consistency;
