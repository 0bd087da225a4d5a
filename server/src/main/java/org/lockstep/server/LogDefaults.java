package org.lockstep.server;

/** Logging of a server whose log nobody has configured: INFO on the console. Logback's own default is DEBUG. */
final class LogDefaults {
    private static final String PROPERTY = "logback.configurationFile";
    private static final String DEFAULT = "org/lockstep/server/logback-default.xml";

    private LogDefaults() {}

    /** To be called before the first logger is made. */
    static void apply() {
        ClassLoader loader = LogDefaults.class.getClassLoader();
        if (System.getProperty(PROPERTY) == null && loader.getResource("logback.xml") == null
                && loader.getResource("logback-test.xml") == null) {
            System.setProperty(PROPERTY, DEFAULT);
        }
    }
}
