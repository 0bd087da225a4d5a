/**
 * Meters for hot places. They are in this module because it is the lowest that measures: what is above makes its meters here too.
 */
package org.lockstep.metrics;
