"""Prints a packaged SAM template as the emulator can deploy it: transformed, with the rewrites of rewrites.py.

Arguments: the template, whose code is in a bucket, and NAME=VALUE for each parameter that is given."""

import json
import pathlib
import sys

from samcli.yamlhelper import yaml_parse
from rewrites import rewritten
from transform import transformed


def main():
    template = yaml_parse(pathlib.Path(sys.argv[1]).read_text())
    given = dict(parameter.split("=", 1) for parameter in sys.argv[2:])
    print(json.dumps(rewritten(transformed(template), given)))


if __name__ == "__main__":
    main()
