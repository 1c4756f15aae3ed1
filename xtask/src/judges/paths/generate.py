"""Makes certificate paths, valid ones and such with faults, and says what `cryptography` thinks of each.

Arguments: a seed, the number of paths, the folder for the files of OpenSSL. Standard output has a line of JSON for each
path: its features, the name in its leaf, the time, the certificates (the root, the CAs below it, the leaf; in base64url)
and the verdict of `cryptography` with its reason.

The leaf itself is always as this CA would make it. All faults are in the CAs above it, or in that the leaf's name is not
one that they may certify: the question to every judge is whether a relying party accepts what the issuing CA signs.
"""

import base64
import datetime
import ipaddress
import json
import pathlib
import random
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

SEED, COUNT, FOLDER = int(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3])
RANDOM = random.Random(SEED)
NOW = datetime.datetime(2026, 6, 1)
DAY = datetime.timedelta(days=1)
KEYS = [ec.derive_private_key(RANDOM.getrandbits(250), ec.SECP256R1()) for _ in range(12)]
NAMES = [
    ["www.corp.test", "a.b.corp.test", "corp.test", "*.corp.test", "*.b.corp.test", "www.other.test", "xcorp.test"],
    ["10.1.2.3", "10.200.0.1", "192.0.2.7", "2001:db8::7", "2001:db9::7"],
]


class Authority:
    """What a certificate of a CA will contain."""

    def __init__(self, subject, key):
        self.subject, self.key = subject, key
        self.begins, self.ends = NOW - 100 * DAY, NOW + 1000 * DAY
        self.basic, self.basic_critical = (True, None), True
        self.usage, self.purposes = ("key_cert_sign", "crl_sign"), None
        self.key_identifier, self.names_authority = True, True
        self.permitted, self.excluded, self.names_critical = [], [], True
        self.others = []
        self.issuer_name = self.signer = self.authority_key = None


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def identifier(key):
    return x509.SubjectKeyIdentifier.from_public_key(key.public_key())


def general(text):
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def dns(*names):
    return [x509.DNSName(one) for one in names]


def networks(*texts):
    return [x509.IPAddress(ipaddress.ip_network(one)) for one in texts]


# Each feature changes one of the CAs, of which the first is the root and the last the issuing CA, and returns its place.
def any_of(cas):
    return RANDOM.randrange(len(cas))


def below_root(cas):
    return RANDOM.randrange(1, len(cas))


def set_on(choose, **values):
    def feature(cas):
        at = choose(cas)
        for field, value in values.items():
            setattr(cas[at], field, value)
        return at

    return feature


def other_extension(oid, critical, value=b"\x05\x00"):
    def feature(cas):
        at = any_of(cas)
        cas[at].others.append((x509.UnrecognizedExtension(ObjectIdentifier(oid), value), critical))
        return at

    return feature


def known_extension(extension, critical=True):
    def feature(cas):
        at = below_root(cas)
        cas[at].others.append((extension, critical))
        return at

    return feature


def too_short(cas):
    at = RANDOM.randrange(len(cas) - 1)
    cas[at].basic = (True, RANDOM.randrange(len(cas) - 1 - at))
    return at


def exact_length(cas):
    at = RANDOM.randrange(len(cas) - 1)
    cas[at].basic = (True, len(cas) - 1 - at)
    return at


def unsigned(cas):
    at = below_root(cas)
    cas[at].signer = RANDOM.choice(KEYS[8:])
    return at


def wrong_issuer(cas):
    at = below_root(cas)
    cas[at].issuer_name = name("Nobody")
    return at


def wrong_authority_key(cas):
    at = below_root(cas)
    cas[at].authority_key = RANDOM.choice(KEYS[8:])
    return at


def self_issued(cas):
    """A CA with the name of the one above it and another key, as after a change of keys."""
    at = below_root(cas)
    cas[at].subject = cas[at - 1].subject
    return at


PURPOSES = {
    "server": [ExtendedKeyUsageOID.SERVER_AUTH],
    "both": [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH],
    "any": [ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE],
    "client": [ExtendedKeyUsageOID.CLIENT_AUTH],
    "code": [ExtendedKeyUsageOID.CODE_SIGNING],
}
DIRECTORY = [x509.DirectoryName(name("Leaf"))]
FEATURES = {
    "expired": set_on(any_of, ends=NOW - DAY),
    "not yet valid": set_on(any_of, begins=NOW + DAY),
    "ends now": set_on(any_of, ends=NOW),
    "no key usage": set_on(any_of, usage=None),
    "may not sign certificates": set_on(any_of, usage=("digital_signature", "crl_sign")),
    "may not sign CRLs": set_on(any_of, usage=("key_cert_sign",)),
    "no basic constraints": set_on(any_of, basic=None),
    "not a CA": set_on(any_of, basic=(False, None)),
    "basic constraints not critical": set_on(any_of, basic_critical=False),
    "path length too short": too_short,
    "path length exact": exact_length,
    "purpose server": set_on(below_root, purposes=PURPOSES["server"]),
    "purposes server and client": set_on(below_root, purposes=PURPOSES["both"]),
    "purpose any": set_on(below_root, purposes=PURPOSES["any"]),
    "purpose client": set_on(below_root, purposes=PURPOSES["client"]),
    "purpose code": set_on(below_root, purposes=PURPOSES["code"]),
    "purpose client in the root": set_on(lambda cas: 0, purposes=PURPOSES["client"]),
    "purpose server in the root": set_on(lambda cas: 0, purposes=PURPOSES["server"]),
    "unknown critical extension": other_extension("1.3.6.1.4.1.32473.7", True),
    "unknown extension": other_extension("1.3.6.1.4.1.32473.8", False),
    "policies": known_extension(
        x509.CertificatePolicies([x509.PolicyInformation(ObjectIdentifier("1.3.6.1.4.1.32473.1"), None)]), False
    ),
    "critical policies": known_extension(
        x509.CertificatePolicies([x509.PolicyInformation(ObjectIdentifier("1.3.6.1.4.1.32473.1"), None)])
    ),
    "policy constraints": known_extension(x509.PolicyConstraints(0, None)),
    "inhibit any policy": known_extension(x509.InhibitAnyPolicy(0)),
    "no subject key identifier": set_on(any_of, key_identifier=False),
    "no authority key identifier": set_on(below_root, names_authority=False),
    "wrong authority key identifier": wrong_authority_key,
    "wrong issuer name": wrong_issuer,
    "signed by another key": unsigned,
    "self-issued": self_issued,
    "DNS permitted": set_on(any_of, permitted=dns("corp.test")),
    "DNS permitted with a dot": set_on(any_of, permitted=dns(".corp.test")),
    "DNS permitted in capitals": set_on(any_of, permitted=dns("CORP.test")),
    "DNS permitted elsewhere": set_on(any_of, permitted=dns("elsewhere.test")),
    "DNS permitted twice": set_on(any_of, permitted=dns("elsewhere.test", "corp.test")),
    "DNS excluded": set_on(any_of, excluded=dns("b.corp.test")),
    "DNS excluded one host": set_on(any_of, excluded=dns("www.corp.test")),
    "DNS excluded whole": set_on(any_of, excluded=dns("")),
    "IP permitted": set_on(any_of, permitted=networks("10.0.0.0/8")),
    "IP permitted finely": set_on(any_of, permitted=networks("10.1.2.0/30")),
    "IP permitted v6": set_on(any_of, permitted=networks("2001:db8::/32")),
    "IP excluded": set_on(any_of, excluded=networks("10.128.0.0/9")),
    "IP excluded whole": set_on(any_of, excluded=networks("0.0.0.0/0", "::/0")),
    "DNS and IP permitted": set_on(any_of, permitted=dns("corp.test") + networks("10.0.0.0/8")),
    "permitted and excluded": set_on(any_of, permitted=dns("corp.test"), excluded=dns("b.corp.test")),
    "name constraints not critical": set_on(any_of, permitted=dns("corp.test"), names_critical=False),
    "mail permitted": set_on(any_of, permitted=[x509.RFC822Name("corp.test")]),
    "directory name permitted": set_on(any_of, permitted=DIRECTORY),
}


def certificate(ca, above, number):
    issuer = ca.issuer_name or above.subject
    builder = x509.CertificateBuilder(issuer, ca.subject, ca.key.public_key(), number, ca.begins, ca.ends)
    if ca.basic is not None:
        builder = builder.add_extension(x509.BasicConstraints(*ca.basic), ca.basic_critical)
    if ca.usage is not None:
        fields = "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign"
        fields = fields.split() + ["crl_sign", "encipher_only", "decipher_only"]
        builder = builder.add_extension(x509.KeyUsage(**{field: field in ca.usage for field in fields}), True)
    if ca.purposes is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(ca.purposes), False)
    if ca.key_identifier:
        builder = builder.add_extension(identifier(ca.key), False)
    if ca.names_authority:
        key = identifier(ca.authority_key or above.key)
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key), False
        )
    if ca.permitted or ca.excluded:
        constraints = x509.NameConstraints(ca.permitted or None, ca.excluded or None)
        builder = builder.add_extension(constraints, ca.names_critical)
    for extension, critical in ca.others:
        builder = builder.add_extension(extension, critical)
    return builder.sign(ca.signer or above.key, hashes.SHA256())


def leaf(issuing, text):
    key = KEYS[11]
    builder = x509.CertificateBuilder(issuing.subject, x509.Name([]), key.public_key(), 1000, NOW - DAY / 24, NOW + DAY)
    usage = x509.KeyUsage(True, *[False] * 8)
    for extension, critical in [
        (x509.SubjectAlternativeName([general(text)]), True),
        (usage, True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.BasicConstraints(False, None), True),
        (identifier(key), False),
        (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier(issuing.key)), False),
    ]:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuing.key, hashes.SHA256())


def verdict(chain, text):
    subject = general(text.replace("*", "one"))
    builder = verification.PolicyBuilder().store(verification.Store([chain[0]])).time(NOW)
    try:
        builder.build_server_verifier(subject).verify(chain[-1], chain[-2:0:-1])
        return True, ""
    except (verification.VerificationError, ValueError) as error:
        return False, str(error)


def pem(certificates):
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)


for number in range(COUNT):
    depth = RANDOM.choice([2, 2, 3, 3, 4])
    cas = [Authority(name(f"CA {number}.{at}"), KEYS[at]) for at in range(depth)]
    cas[-1].basic = (True, 0)
    # One path in five has no feature, so that agreement is not only about refusals.
    count = RANDOM.choice([0, 1, 1, 1, 1, 1, 2, 2, 2, 3])
    features = []
    for feature in RANDOM.sample(sorted(FEATURES), count):
        at = FEATURES[feature](cas)
        place = "root" if at == 0 else "issuing" if at == depth - 1 else "middle"
        features.append(f"{feature}: {place}")
    text = RANDOM.choice(RANDOM.choice(NAMES + NAMES[:1]))
    chain = [certificate(ca, cas[max(at - 1, 0)], 100 + at) for at, ca in enumerate(cas)] + [leaf(cas[-1], text)]
    (FOLDER / f"{number}-root.pem").write_bytes(pem(chain[:1]))
    (FOLDER / f"{number}-others.pem").write_bytes(pem(chain[-2:0:-1]))
    (FOLDER / f"{number}-leaf.pem").write_bytes(pem(chain[-1:]))
    accepts, reason = verdict(chain, text)
    octets = [one.public_bytes(serialization.Encoding.DER) for one in chain]
    encoded = [base64.urlsafe_b64encode(one).decode().rstrip("=") for one in octets]
    seconds = int(NOW.replace(tzinfo=datetime.timezone.utc).timestamp())
    line = {"number": number, "features": features, "name": text, "time": seconds, "certificates": encoded}
    print(json.dumps({**line, "accepts": accepts, "reason": reason}))
