/** What operators see, side by side with Apache ZooKeeper. */
package org.lockstep.compat.admin;
