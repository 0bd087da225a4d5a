/** A ring and row over RDMA, for one view: joins what lies in memory ({@code ring}) to what carries it ({@code verbs}). */
package org.lockstep.rdma.lane;
