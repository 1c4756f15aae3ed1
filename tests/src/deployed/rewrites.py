"""What the stack in the emulator has otherwise than the stack that `sam deploy` makes: this list, and
nothing else. Each entry names the test that judges what it takes away."""

import copy
import fnmatch


class Rewrite:
    """A change of the transformed template. `places` are patterns of the paths that it may change."""

    def __init__(self, why, judge, places, change):
        self.why, self.judge, self.places, self.change = why, judge, places, change


def rewritten(template, given):
    """The template for the emulator, with the given values of parameters.

    Raises SystemExit when an entry changes more than its places, or nothing at all."""
    for rewrite in REWRITES:
        before = copy.deepcopy(template)
        rewrite.change(template, given)
        changed = list(differences(before, template))
        beyond = [path for path in changed if not any(is_at(path, place) for place in rewrite.places)]
        if beyond:
            raise SystemExit(f"{rewrite.judge} does not cover {beyond}, which is changed because {rewrite.why}")
        if not changed:
            raise SystemExit(f"a rewrite is no longer needed: {rewrite.why}")
    return template


def is_at(path, place):
    """Whether a path has the parts of a pattern: `Resources/*Messages` has two."""
    parts, patterns = path.split("/"), place.split("/")
    return len(parts) == len(patterns) and all(map(fnmatch.fnmatchcase, parts, patterns))


def differences(before, after, path=""):
    """The paths of the members in which two values differ, such as `Resources/HttpApi/Properties/Body`."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted(before.keys() | after.keys()):
            inner = f"{path}/{name}" if path else name
            if name not in before or name not in after:
                yield inner
            else:
                yield from differences(before[name], after[name], inner)
    elif before != after:
        yield path


def explicit_routes(template, _given):
    resources = template["Resources"]
    apis = [name for name, resource in resources.items() if resource["Type"] == "AWS::ApiGatewayV2::Api"]
    for api in apis:
        properties = resources[api]["Properties"]
        body = properties.pop("Body")
        properties.update(Name=api, ProtocolType="HTTP")
        for path, methods in body["paths"].items():
            for method, operation in methods.items():
                target = operation["x-amazon-apigateway-integration"]
                integration = f"{api}{len(resources)}Integration"
                resources[integration] = {
                    "Type": "AWS::ApiGatewayV2::Integration",
                    "Properties": {
                        "ApiId": {"Ref": api},
                        "IntegrationType": "AWS_PROXY",
                        "IntegrationUri": target["uri"],
                        "PayloadFormatVersion": target["payloadFormatVersion"],
                    },
                }
                key = "$default" if operation.get("isDefaultRoute") else f"{method.upper()} {path}"
                resources[f"{api}{len(resources)}Route"] = {
                    "Type": "AWS::ApiGatewayV2::Route",
                    "Properties": {
                        "ApiId": {"Ref": api},
                        "RouteKey": key,
                        "Target": {"Fn::Join": ["/", ["integrations", {"Ref": integration}]]},
                    },
                }


def written_numbers(template, given):
    for resource in template["Resources"].values():
        scaling = resource.get("Properties", {}).get("ScalingConfig", {})
        match scaling.get("MaximumConcurrency"):
            case {"Ref": name}:
                scaling["MaximumConcurrency"] = int(given.get(name, template["Parameters"][name]["Default"]))


def leave_calculating_alarms_out(template, _given):
    resources = template["Resources"]
    for name in [name for name, resource in resources.items() if "Metrics" in resource.get("Properties", {})]:
        assert resources.pop(name)["Type"] == "AWS::CloudWatch::Alarm", name


REWRITES = [
    Rewrite(
        why="the emulator does not read the OpenAPI body of an API",
        judge="api_gateway_imports_the_api_and_every_message_that_it_shows_is_explained",
        places=[
            "Resources/HttpApi/Properties/Body",
            "Resources/HttpApi/Properties/Name",
            "Resources/HttpApi/Properties/ProtocolType",
            "Resources/HttpApi*Integration",
            "Resources/HttpApi*Route",
        ],
        change=explicit_routes,
    ),
    Rewrite(
        why="the emulator takes numbers that parameters give to the mappings of queues for text",
        judge="neither_slow_targets_nor_many_revocations_take_the_functions_of_the_api",
        places=["Resources/*Messages/Properties/ScalingConfig/MaximumConcurrency"],
        change=written_numbers,
    ),
    Rewrite(
        why="the emulator does not support alarms with metric math",
        judge="every_alarm_is_raised_by_the_data_of_its_fault_and_not_on_a_good_day",
        places=["Resources/*"],
        change=leave_calculating_alarms_out,
    ),
]
