"""What schemathesis needs to know about ACME: how a payload is signed, which objects exist, and what every answer to a
bad request looks like.

ORIGIN and ROOT in the environment are the URL of the CA and the file of its root.
"""

import atexit
import base64
import json
import os
import random

import requests
import schemathesis
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

ORIGIN, ROOT = os.environ["ORIGIN"], os.environ["ROOT"]
BASE = "/api/v1/protocols/acme/"
PAYLOAD, JOSE = "application/vnd.payload+json", "application/jose+json"
RANDOM = random.Random(9)
COUNTS = {"requests": 0, "signed": 0, "accepted": 0, "refused": 0}


def encode(octets):
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


class Client:
    """An account of a directory, with an order, an authorization and a challenge."""

    def __init__(self, directory):
        self.directory = BASE + directory
        self.session = requests.Session()
        self.session.verify = ROOT
        self.renew()

    def renew(self):
        """A new account: the fuzzer deactivates them."""
        self.key, self.account = ec.generate_private_key(ec.SECP256R1()), None
        account = self.post(self.directory + "/new-account", b'{"termsOfServiceAgreed": true}')
        self.account = account.headers["location"]
        self.known = {"acmeProfileName": "default", "raProfileName": "default"}
        self.known["accountId"] = self.account.rsplit("/", 1)[1]
        self.order()

    def order(self):
        """A new order: the fuzzer deactivates authorizations."""
        identifiers = [{"type": "dns", "value": f"{RANDOM.randrange(9)}.test"}]
        order = self.post(self.directory + "/new-order", json.dumps({"identifiers": identifiers}).encode())
        if order.status_code != 201:
            return
        self.known["orderId"] = self.known["certificateId"] = order.headers["location"].rsplit("/", 1)[1]
        url = order.json()["authorizations"][0]
        self.known["authorizationId"] = url.rsplit("/", 1)[1]
        authorization = self.post(url.removeprefix(ORIGIN), b"").json()
        self.known["challengeId"] = RANDOM.choice(authorization["challenges"])["url"].rsplit("/", 1)[1]

    def post(self, path, payload):
        headers = {"content-type": JOSE}
        return self.session.post(ORIGIN + path, data=json.dumps(self.sign(path, payload)), headers=headers)

    def sign(self, path, payload, by_key=False):
        nonce = self.session.head(ORIGIN + self.directory + "/new-nonce").headers["replay-nonce"]
        protected = {"alg": "ES256", "nonce": nonce, "url": ORIGIN + path}
        if self.account and not by_key:
            protected["kid"] = self.account
        else:
            point = self.key.public_key().public_numbers()
            x, y = (encode(number.to_bytes(32, "big")) for number in (point.x, point.y))
            protected["jwk"] = {"kty": "EC", "crv": "P-256", "x": x, "y": y}
        text = encode(json.dumps(protected).encode())
        body = encode(payload)
        r, s = utils.decode_dss_signature(self.key.sign(f"{text}.{body}".encode(), ec.ECDSA(hashes.SHA256())))
        return {"protected": text, "payload": body, "signature": encode(r.to_bytes(32, "big") + s.to_bytes(32, "big"))}


CLIENTS = [Client("default"), Client("raProfile/default")]


def client_of(case):
    return CLIENTS["raProfileName" in (case.path_parameters or {})]


@schemathesis.hook
def before_call(context, case, kwargs):
    """Most requests are about objects that exist; payloads are signed."""
    COUNTS["requests"] += 1
    client = client_of(case)
    for name in case.path_parameters or {}:
        if name in client.known and RANDOM.random() < 0.85:
            case.path_parameters[name] = client.known[name]
    if case.media_type == PAYLOAD:
        COUNTS["signed"] += 1
        if COUNTS["signed"] % 50 == 0:
            client.order()
        path = case.formatted_path
        payload = case.body if isinstance(case.body, bytes) else json.dumps(case.body, default=str).encode()
        # POST-as-GET; where a payload is needed, rarely.
        is_read = not path.endswith(("/finalize", "/revoke-cert", "/key-change")) and "/new-" not in path
        if RANDOM.random() < (0.6 if is_read else 0.05):
            payload = b""
        by_key = path.endswith(("/new-account", "/revoke-cert")) and RANDOM.random() < 0.7
        case.media_type = JOSE
        case.body = client.sign(path, payload, by_key)
        case.headers = {**(case.headers or {}), "Content-Type": JOSE}


@schemathesis.check
def a_result_or_a_problem(context, response, case):
    """Nothing is a 5xx, and whatever is refused is told in a problem document."""
    is_success = response.status_code < 400
    COUNTS["accepted" if is_success else "refused"] += 1
    assert response.status_code < 500, f"answered {response.status_code}"
    kind = response.headers.get("content-type", [""])[0]
    if not is_success and case.method.upper() != "HEAD":
        assert kind == "application/problem+json", f"{response.status_code} with {kind!r}"
        problem = json.loads(response.content)
        assert problem["type"].startswith("urn:ietf:params:acme:error:"), problem
        assert problem["status"] == response.status_code and problem["detail"], problem
    if is_success and b'"deactivated"' in response.content and "/acct/" in case.formatted_path:
        client_of(case).renew()


@atexit.register
def keep_counts():
    with open("counts.json", "w", encoding="utf-8") as file:
        json.dump(COUNTS, file)
