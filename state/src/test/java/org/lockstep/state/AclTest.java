package org.lockstep.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lockstep.wire.Acl;
import org.lockstep.wire.ErrorCode;
import org.lockstep.wire.Id;
import org.lockstep.wire.JuteReader;
import org.lockstep.wire.OpCode;
import org.lockstep.wire.Perms;

/** Which ACLs are accepted, what they become, and whom they let do what. */
class AclTest {
    private static final Id UP = new Id("digest", "u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=");
    private static final Id IP = new Id("ip", "10.1.2.3");
    private final Rig rig = new Rig();

    private static List<Acl> acl(Object... permsThenId) {
        List<Acl> acls = new ArrayList<>();
        for (int i = 0; i < permsThenId.length; i += 2) {
            acls.add(new Acl((Integer) permsThenId[i], (Id) permsThenId[i + 1]));
        }
        return acls;
    }

    private static Identities holding(Id... ids) {
        return new Identities(Arrays.asList(ids));
    }

    private List<Acl> aclOf(String path) {
        Rig.Answer answer = rig.read(OpCode.GET_ACL, Rig.body(out -> out.writeString(path)), null);
        assertEquals(ErrorCode.OK, answer.err());
        return Rig.decode(answer.body(), JuteReader::readAcls);
    }

    @ParameterizedTest
    @CsvSource(nullValues = "null", value = {
        "world, anyone, 0", "world, someone, -114", "world, null, -114", "null, anyone, -114", "nosuch, x, -114",
        "super, '', -114",
        "auth, '', -114", "sasl, bob, -114", "x509, CN=a, -114",
        "digest, u:x, 0", "digest, u, -114", "digest, u:x:y, -114", "digest, 'u:', -114", "digest, ':h', 0", "digest, null, -114",
        "ip, 1.2.3.4, 0", "ip, 1.2.3, -114", "ip, 1.2.3.256, -114", "ip, 1.2.3.4/32, 0", "ip, 1.2.3.4/33, -114",
        "ip, 1.2.3.4/-1, -114",
        "ip, 1.2.3.4/x, -114", "ip, 1.2.3.4/, -114", "ip, host.example, -114", "ip, '', -114",
        "ip, ::1, 0", "ip, fe80::1/10, 0", "ip, 1:2:3:4:5:6:7:8, 0", "ip, 1:2:3:4:5:6:7, -114", "ip, 1::2::3, -114",
        "ip, ::ffff:1.2.3.4/128, -114", "ip, fe80::1%eth0, -114", "ip, ::, 0", "ip, 1.2.3.4., -114",
        "ip, ::1/129, -114", "ip, 1:2:3:4:5:6:7:8:9, -114", "ip, g::1, -114"})
    void accepted(String scheme, String id, int err) {
        assertEquals(err, rig.create("/n", "d", acl(Perms.ALL, new Id(scheme, id)), 0));
    }

    @ParameterizedTest
    @CsvSource({"10.1.2.3, 10.1.2.3, true", "10.1.2.3, 10.1.2.4, false", "10.1.2.0/24, 10.1.2.200, true",
        "10.1.2.0/24, 10.1.3.1, false",
        "10.1.2.0/25, 10.1.2.127, true", "10.1.2.0/25, 10.1.2.128, false", "0.0.0.0/0, 9.9.9.9, true",
        "fe80::/10, fe80::1%eth0, true", "fe80::/10, fec0::1, false", "::1, 0:0:0:0:0:0:0:1, true", "0.0.0.0/0, ::1, false",
        "1:2:3:4:5:6:7::, 1:2:3:4:5:6:7:0, true"})
    void ipMatches(String wanted, String address, boolean matches) {
        assertEquals(ErrorCode.OK, rig.create("/n", "d", acl(Perms.READ, new Id("ip", wanted)), 0));
        rig.identities = holding(new Id("ip", address));
        assertEquals(matches ? ErrorCode.OK : ErrorCode.NO_AUTH, rig.exists("/n"));
    }

    @Test
    void fixUp() {
        rig.identities = holding(IP, UP);
        Acl open = Rig.OPEN.get(0);
        rig.create("/dup", "d", List.of(open, new Acl(1, UP), open), 0);
        assertEquals(List.of(open, new Acl(1, UP)), aclOf("/dup"));
        rig.create("/auth", "d", acl(Perms.ALL, new Id("auth", "ignored")), 0);
        assertEquals(List.of(new Acl(Perms.ALL, UP)), aclOf("/auth"), "an address proves nobody");
        rig.create("/auth2", "d", acl(Perms.ADMIN, new Id("auth", null)), 0);
        assertEquals(List.of(new Acl(Perms.ADMIN, UP)), aclOf("/auth2"));
        rig.identities = holding(IP);
        assertEquals(ErrorCode.INVALID_ACL, rig.create("/auth3", "d", acl(Perms.ALL, new Id("auth", "ignored")), 0),
                "what it stands for depends on the caller");
        List<Acl> mixed = acl(31, new Id("world", "anyone"), 31, new Id("x", "y"));
        assertEquals(ErrorCode.INVALID_ACL, rig.create("/mixed", "d", mixed, 0));
    }

    @Test
    void permissions() {
        rig.create("/n", "d", acl(Perms.READ, UP, Perms.WRITE, new Id("world", "anyone")), 0);
        assertEquals(ErrorCode.NO_AUTH, rig.exists("/n"));
        assertEquals(ErrorCode.OK, rig.set("/n", "x", -1));
        assertEquals(ErrorCode.NO_AUTH, rig.setAcl("/n", Rig.OPEN, -1));
        assertEquals(ErrorCode.NO_AUTH, rig.create("/n/c", "d"));
        rig.identities = holding(UP);
        assertEquals(ErrorCode.OK, rig.exists("/n"));
        assertEquals(ErrorCode.NO_AUTH, rig.create("/n/c", "d"));
        rig.identities = holding(new Id("digest", "u:other"));
        assertEquals(ErrorCode.NO_AUTH, rig.exists("/n"));
        rig.identities = holding(DigestAuth.SUPER);
        assertEquals(ErrorCode.OK, rig.create("/n/c", "d"));
        assertEquals(ErrorCode.OK, rig.delete("/n/c", -1));
        Rig unchecked = new Rig(new StateOptions(true, false, false, 1 << 20));
        unchecked.create("/n", "d", acl(0, UP), 0);
        assertEquals(ErrorCode.OK, unchecked.create("/n/c", "d"));
    }

    @Test
    void withoutTheDigestSchemeItsEntriesMeanNobody() {
        rig.create("/n", "d", acl(Perms.ALL, UP), 0);
        rig.create("/shared", "d", acl(Perms.ALL, UP, Perms.READ, IP), 0);
        rig.checkpoint();
        Rig without = new Rig(rig.base, new StateOptions(false, false, false, false, false, 1 << 20));
        without.identities = holding(IP, UP);
        assertEquals(ErrorCode.NO_AUTH, without.exists("/n"));
        assertEquals(ErrorCode.OK, without.exists("/shared"));
        assertEquals(ErrorCode.NO_AUTH, without.set("/shared", "x", -1));
        assertEquals(ErrorCode.INVALID_ACL, without.create("/new", "d", acl(Perms.ALL, UP), 0));
        assertEquals(ErrorCode.INVALID_ACL, without.create("/new", "d", acl(Perms.ALL, new Id("auth", "")), 0),
                "it stands for nobody");
        assertEquals(ErrorCode.OK, without.create("/new", "d", acl(Perms.ALL, IP), 0));
    }

    @Test
    void digestsAreMaskedForWhoMayNotAdminister() {
        List<Acl> acls = acl(Perms.READ, new Id("world", "anyone"), Perms.ADMIN, UP);
        rig.create("/n", "d", acls, 0);
        assertEquals(List.of(acls.get(0), new Acl(Perms.ADMIN, new Id("digest", "u:x"))), aclOf("/n"));
        rig.identities = holding(UP);
        assertEquals(acls, aclOf("/n"));
        rig.create("/admin", "d", acl(Perms.ADMIN, UP), 0);
        assertEquals(1, aclOf("/admin").size(), "ADMIN alone lets read the ACL");
        assertEquals(ErrorCode.NO_AUTH, rig.exists("/admin"));
    }

    @Test
    void setAclChangesTheAversionAlone() {
        rig.made("/n", 0);
        Rig.Stat before = rig.stat("/n");
        rig.timeMillis += 1000;
        assertEquals(ErrorCode.OK, rig.setAcl("/n", acl(Perms.ALL, new Id("world", "anyone"), Perms.READ, UP), 0));
        assertEquals(new Rig.Stat(before.czxid(), before.mzxid(), before.ctime(), before.mtime(), 0, 0, 1, 0, 1, 0,
                before.pzxid()), rig.stat("/n"));
    }

    @Test
    void systemConfigMayOnlyBeRead() {
        assertEquals(ErrorCode.NO_AUTH, rig.set("/zookeeper/config", "x", -1));
        assertEquals(ErrorCode.NO_AUTH, rig.create("/zookeeper/config/x", "d"));
        assertEquals(ErrorCode.NO_AUTH, rig.setAcl("/zookeeper/config", Rig.OPEN, -1));
        rig.identities = holding(DigestAuth.SUPER);
        assertEquals(ErrorCode.OK, rig.setAcl("/zookeeper/config", Rig.OPEN, -1));
        assertEquals(0, rig.stat("/zookeeper/config").aversion());
    }

    @Test
    void digestIds() throws Exception {
        assertEquals(UP.id(), DigestAuth.idOf("u:p".getBytes(StandardCharsets.UTF_8), "SHA1"));
        assertTrue(DigestAuth.isSuper("super:x", "super:x"));
        assertFalse(DigestAuth.isSuper("super:x", "super:y"));
        assertFalse(DigestAuth.isSuper("super:x", null));
    }

    @Test
    void whoAmI() {
        rig.identities = holding(IP, UP, DigestAuth.SUPER);
        byte[] expected = Rig.body(out -> out.writeInt(3).writeString("ip").writeString("10.1.2.3").writeString("digest")
                .writeString("u").writeString("super").writeString(""));
        assertEquals(Arrays.toString(expected), Arrays.toString(rig.read(OpCode.WHO_AM_I, new byte[0], null).body()));
    }
}
