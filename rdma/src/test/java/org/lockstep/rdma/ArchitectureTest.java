package org.lockstep.rdma;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** What the parts of this room may know of each other. */
class ArchitectureTest {
    private final JavaClasses classes = new ClassFileImporter().withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("org.lockstep.rdma");

    @Test
    void theRingKnowsNoDevice() {
        noClasses().that().resideInAPackage("org.lockstep.rdma.ring")
                .should().dependOnClassesThat().resideOutsideOfPackages("org.lockstep.rdma.ring", "org.lockstep.ensemble.core",
                        "java.lang..", "java.nio", "java.util..").check(classes);
    }

    @Test
    void theDeviceKnowsNothingOfWhatItCarries() {
        noClasses().that().resideInAPackage("org.lockstep.rdma.verbs")
                .should().dependOnClassesThat().resideInAnyPackage("org.lockstep.ensemble..", "org.lockstep.rdma.ring",
                        "org.lockstep.rdma.lane").check(classes);
    }

    @Test
    void theTransportStandsOnTheCoreAndOnTcp() {
        noClasses().that().resideInAPackage("org.lockstep.rdma.transport")
                .should().dependOnClassesThat().resideOutsideOfPackages("org.lockstep.rdma..", "org.lockstep.ensemble.core",
                        "org.lockstep.ensemble.tcp", "io.netty..", "org.slf4j..", "java..").check(classes);
        noClasses().that().resideOutsideOfPackage("org.lockstep.rdma.transport")
                .should().dependOnClassesThat().resideInAPackage("org.lockstep.rdma.transport").check(classes);
    }

    @Test
    void onlyTheDeviceKnowsDisni() {
        noClasses().that().resideOutsideOfPackage("org.lockstep.rdma.verbs")
                .should().dependOnClassesThat().resideInAPackage("com.ibm..").check(classes);
    }
}
