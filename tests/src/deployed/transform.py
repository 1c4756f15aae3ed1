"""Transforms a SAM template into CloudFormation with the translator of sam, whose virtual environment
it runs in. Standard output is the transformed template as JSON."""

import json
import os
import pathlib
import sys

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

# The region that `sam local` assumes.
REGION = "us-east-1"


class NoManagedPolicies:
    """The statements of managed policies stay names: no test is about them."""

    def load(self):
        return {}


def transformed(template):
    """The parsed template as CloudFormation gets it; the code of its functions must be in a bucket."""
    os.environ["AWS_DEFAULT_REGION"] = REGION
    return transform(template, {}, NoManagedPolicies())


def main():
    template = yaml_parse(pathlib.Path(sys.argv[1]).read_text())
    template["Globals"]["Function"]["CodeUri"] = {"Bucket": "code", "Key": "code.zip"}
    print(json.dumps(transformed(template)))


if __name__ == "__main__":
    main()
