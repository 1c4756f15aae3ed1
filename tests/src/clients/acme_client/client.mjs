// Does one step with the npm package acme-client; its state is in the files of the current folder.

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const { ACME_CLIENT, DIRECTORY, WEBROOT } = process.env;
const acme = createRequire(ACME_CLIENT)('acme-client');
const [step, ...rest] = process.argv.slice(2);

const newKey = (kind) => (kind === 'rsa' ? acme.crypto.createPrivateRsaKey() : acme.crypto.createPrivateEcdsaKey());

if (step === 'register') writeFileSync('account.key', await newKey(rest[0]));

const client = new acme.Client({
  directoryUrl: DIRECTORY,
  accountKey: readFileSync('account.key'),
  accountUrl: existsSync('account.url') ? readFileSync('account.url', 'utf8') : undefined,
});

const steps = {
  async register() {
    await client.createAccount({ termsOfServiceAgreed: true, contact: ['mailto:admin@example.org'] });
    writeFileSync('account.url', client.getAccountUrl());
  },

  async obtain() {
    const [key, csr] = await acme.crypto.createCsr({ altNames: rest });
    const chain = await client.auto({
      csr,
      termsOfServiceAgreed: true,
      challengePriority: ['http-01'],
      // Its own check of the challenge would query the resolver of this machine.
      skipChallengeVerification: true,
      challengeCreateFn: async (_authorization, challenge, keyAuthorization) =>
        writeFileSync(join(WEBROOT, challenge.token), keyAuthorization),
      challengeRemoveFn: async (_authorization, challenge) => rmSync(join(WEBROOT, challenge.token)),
    });
    writeFileSync('chain.key', key);
    writeFileSync('chain.pem', chain);
  },

  async 'roll-key-over'() {
    const key = await newKey(rest[0]);
    await client.updateAccountKey(key);
    writeFileSync('account.key', key);
  },

  async revoke() {
    await client.revokeCertificate(readFileSync('chain.pem'), { reason: 4 });
  },

  async 'update-and-deactivate'() {
    const contact = ['mailto:other@example.org'];
    const account = await client.updateAccount({ contact });
    if (JSON.stringify(account.contact) !== JSON.stringify(contact)) throw new Error(JSON.stringify(account));
    const ended = await client.updateAccount({ status: 'deactivated' });
    if (ended.status !== 'deactivated') throw new Error(JSON.stringify(ended));
  },
};

await steps[step]();
