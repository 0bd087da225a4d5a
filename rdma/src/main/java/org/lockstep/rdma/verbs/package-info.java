/**
 * Queue pairs and registered memory over DiSNI: what the data path asks of a device, and nothing of what it means.
 *
 * <p>DiSNI knows IPv4 only, and names no device: an RDMA address chooses one.
 */
package org.lockstep.rdma.verbs;
