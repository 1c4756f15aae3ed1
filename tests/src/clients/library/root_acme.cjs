// Registers an account and obtains a certificate with @root/acme, for the names in the arguments.
// PACKAGE is the manifest of the package; the chain goes to chain.pem.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const required = require("node:module").createRequire(process.env.PACKAGE);
const ACME = required("@root/acme");
const CSR = required("@root/csr");
const Keypairs = required("@root/keypairs");

const tokens = process.env.WEBROOT;
const http01 = {
  init: async () => null,
  set: async ({ challenge }) => {
    fs.writeFileSync(path.join(tokens, challenge.token), challenge.keyAuthorization);
    return null;
  },
  get: async () => null,
  remove: async ({ challenge }) => {
    fs.rmSync(path.join(tokens, challenge.token), { force: true });
    return null;
  },
};

async function main(domains) {
  const acme = ACME.create({
    maintainerEmail: "admin@example.org",
    packageAgent: "test/1.0",
    notify: (event, detail) => event === "error" && console.error(detail),
    skipDryRun: true,
    skipChallengeTest: true,
  });
  await acme.init(process.env.DIRECTORY);
  const accountKey = (await Keypairs.generate({ kty: "EC", format: "jwk" })).private;
  const account = await acme.accounts.create({ subscriberEmail: "admin@example.org", agreeToTerms: true, accountKey });
  const jwk = (await Keypairs.generate({ kty: "EC", format: "jwk" })).private;
  const csr = await CSR.csr({ jwk, domains, encoding: "pem" });
  const challenges = { "http-01": http01 };
  const issued = await acme.certificates.create({ account, accountKey, csr, domains, challenges });
  fs.writeFileSync("chain.pem", `${issued.cert.trim()}\n${issued.chain.trim()}\n`);
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});
