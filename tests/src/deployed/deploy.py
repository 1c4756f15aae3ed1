"""Creates the stack of template.yaml in an emulator, with the code that `sam build` made.

Runs in the virtual environment of sam, whose own translator turns the template into CloudFormation.
The code is in a bucket of the tests; what else differs from what `sam deploy` sends is the list in
rewrites.py. Standard output is one JSON object: the outputs of the stack.
"""

import argparse
import io
import json
import pathlib
import sys
import zipfile

import boto3
from samcli.yamlhelper import yaml_dump, yaml_parse
from rewrites import rewritten
from transform import REGION, transformed

CODE = "serverless-acme-code"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--template", type=pathlib.Path, required=True)
    arguments.add_argument("--code", type=pathlib.Path, required=True, help="holds <logical id>/bootstrap")
    arguments.add_argument("--endpoint", required=True)
    arguments.add_argument("--stack", required=True)
    arguments.add_argument("--local", type=pathlib.Path, required=True, help="where a template for `sam local` goes")
    arguments.add_argument("parameters", nargs="*", metavar="NAME=VALUE")
    arguments = arguments.parse_args()

    def client(service):
        return boto3.client(
            service,
            endpoint_url=arguments.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    template = yaml_parse(arguments.template.read_text())
    s3 = client("s3")
    upload(s3, template, arguments.code)
    given = dict(parameter.split("=", 1) for parameter in arguments.parameters)
    template = rewritten(transformed(template), given)
    s3.put_object(Bucket=CODE, Key="template.json", Body=json.dumps(template))

    cloudformation = client("cloudformation")
    cloudformation.create_stack(
        StackName=arguments.stack,
        TemplateURL=f"{arguments.endpoint}/{CODE}/template.json",
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()],
        Capabilities=["CAPABILITY_IAM"],
        OnFailure="DO_NOTHING",
    )
    waiter = cloudformation.get_waiter("stack_create_complete")
    try:
        waiter.wait(StackName=arguments.stack, WaiterConfig={"Delay": 1, "MaxAttempts": 180})
    except Exception as error:
        for event in cloudformation.describe_stack_events(StackName=arguments.stack)["StackEvents"]:
            if "FAILED" in event["ResourceStatus"]:
                print(event["LogicalResourceId"], event.get("ResourceStatusReason"), file=sys.stderr)
        raise SystemExit(str(error)) from error
    stack = cloudformation.describe_stacks(StackName=arguments.stack)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=arguments.stack)
    resources = (resource for page in pages for resource in page["StackResourceSummaries"])
    functions = (resource for resource in resources if resource["ResourceType"] == "AWS::Lambda::Function")
    configuration = client("lambda").get_function_configuration
    environment = {
        function["LogicalResourceId"]: configuration(FunctionName=function["PhysicalResourceId"])["Environment"]["Variables"]
        for function in functions
    }
    write_local(arguments, environment)
    print(json.dumps(outputs))


def write_local(arguments, environment):
    """Writes the template of functions that `sam local` runs beside the stack, with its table, keys and queues."""
    template = yaml_parse(arguments.template.read_text())
    template["Globals"]["Function"].pop("CodeUri")
    for name, variables in environment.items():
        function = template["Resources"][name]
        function.pop("Metadata")
        function["Properties"]["CodeUri"] = str((arguments.code / name).resolve())
        # The base of URLs is the domain in an event.
        local = {**variables, "AWS_ENDPOINT_URL": arguments.endpoint, "PUBLIC_BASE_URL": ""}
        function["Properties"]["Environment"] = {"Variables": local}
    arguments.local.write_text(yaml_dump(template))


def upload(s3, template, code):
    """Uploads the program of every function to the bucket, and sets its place in the template."""
    s3.create_bucket(Bucket=CODE)
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as file:
            file.write(code / name / "bootstrap", "bootstrap")
        s3.put_object(Bucket=CODE, Key=f"{name}.zip", Body=archive.getvalue())
        resource["Properties"]["CodeUri"] = {"Bucket": CODE, "Key": f"{name}.zip"}
    template["Globals"]["Function"].pop("CodeUri")


if __name__ == "__main__":
    main()
