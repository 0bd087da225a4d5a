package org.lockstep.server;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The rooms and the one way in which they may know each other; docs/ARCHITECTURE.md draws them. */
class ArchitectureTest {
    private static JavaClasses classes;

    @BeforeAll
    static void read() {
        classes = new ClassFileImporter().withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("org.lockstep");
    }

    @Test
    void recordsOnTheWireKnowOnlyTheJdk() {
        noClasses().that().resideInAPackage("org.lockstep.wire")
                .should().dependOnClassesThat().resideOutsideOfPackages("org.lockstep.wire", "java..").check(classes);
    }

    @Test
    void theDoorKnowsNoRoomBehindIt() {
        noClasses().that().resideInAPackage("org.lockstep.wire.door")
                .should().dependOnClassesThat().resideInAnyPackage("org.lockstep.state..", "org.lockstep.ensemble..",
                        "org.lockstep.log..", "org.lockstep.server..").check(classes);
    }

    @Test
    void theStateMachineKnowsOnlyRecordsAndTheJdk() {
        noClasses().that().resideInAPackage("org.lockstep.state..")
                .should().dependOnClassesThat().resideOutsideOfPackages("org.lockstep.state..", "org.lockstep.wire", "java..")
                .check(classes);
    }

    @Test
    void theStateMachineSeesNoThreadNoClockNoFileNoSocketNoChance() {
        deterministic("org.lockstep.state..");
    }

    @Test
    void theCoreKnowsOnlyTheFsyncPolicyAndTheJdk() {
        noClasses().that().resideInAPackage("org.lockstep.ensemble.core..")
                .should().dependOnClassesThat().resideOutsideOfPackages("org.lockstep.ensemble.core..", "org.lockstep.fsync..",
                        "java..").check(classes);
    }

    @Test
    void theCoreSeesNoThreadNoClockNoFileNoSocketNoChance() {
        deterministic("org.lockstep.ensemble.core..");
    }

    @Test
    void theCodecKnowsOnlyTheCoreAndTheJdk() {
        noClasses().that().resideInAPackage("org.lockstep.ensemble.codec..")
                .should().dependOnClassesThat().resideOutsideOfPackages("org.lockstep.ensemble.codec..",
                        "org.lockstep.ensemble.core..", "java..").check(classes);
    }

    @Test
    void theTransportKnowsOnlyTheCoreAndItsCodec() {
        noClasses().that().resideInAPackage("org.lockstep.ensemble.tcp..")
                .should().dependOnClassesThat().resideOutsideOfPackages("org.lockstep.ensemble.tcp..",
                        "org.lockstep.ensemble.codec..", "org.lockstep.ensemble.core..", "io.netty..", "org.slf4j..", "java..")
                .check(classes);
    }

    @Test
    void theLogKnowsNeitherTheDoorNorTheServer() {
        noClasses().that().resideInAPackage("org.lockstep.log..")
                .should().dependOnClassesThat().resideInAnyPackage("org.lockstep.wire.door..", "org.lockstep.server..",
                        "io.netty..").check(classes);
    }

    @Test
    void metersKnowNobody() {
        noClasses().that().resideInAPackage("org.lockstep.metrics..")
                .should().dependOnClassesThat().resideOutsideOfPackages("org.lockstep.metrics..", "com.codahale.metrics..", "java..")
                .check(classes);
    }

    @Test
    void policiesKnowNobody() {
        noClasses().that().resideInAPackage("org.lockstep.fsync..")
                .should().dependOnClassesThat().resideOutsideOfPackages("org.lockstep.fsync..", "java..").check(classes);
    }

    @Test
    void nothingOfApacheZooKeeperIsInTheServersPath() {
        noClasses().that().resideInAnyPackage("org.lockstep.wire..", "org.lockstep.state..", "org.lockstep.log..",
                        "org.lockstep.ensemble..", "org.lockstep.server..")
                .should().dependOnClassesThat().resideInAnyPackage("org.apache.zookeeper..", "org.apache.curator..")
                .check(classes);
    }

    private static void deterministic(String room) {
        noClasses().that().resideInAPackage(room)
                .should().dependOnClassesThat().resideInAnyPackage("java.io..", "java.nio.file..", "java.nio.channels..", "java.net..",
                        "java.util.concurrent..")
                .orShould().dependOnClassesThat().belongToAnyOf(Thread.class, java.util.Random.class,
                        java.security.SecureRandom.class, java.time.Clock.class, java.time.Instant.class)
                .orShould().callMethod(System.class, "nanoTime")
                .orShould().callMethod(System.class, "currentTimeMillis")
                .orShould().callMethod(Math.class, "random")
                .orShould().callMethod(java.util.UUID.class, "randomUUID").check(classes);
    }
}
