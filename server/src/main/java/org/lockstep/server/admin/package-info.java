/** What operators see of a running server: the four-letter words, as text over a {@link org.lockstep.server.admin.ServerView}. */
package org.lockstep.server.admin;
