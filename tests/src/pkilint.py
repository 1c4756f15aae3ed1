"""Runs programs of pkilint on many documents in one process, because each of them starts slowly.

Standard input has a line for each document: the program, then its arguments, separated by tabs. Standard output has a
line of JSON for each finding of the severity WARNING and above, or of another one that the arguments say, and at last one with the number of documents.
"""

import contextlib
import importlib
import io
import json
import sys

documents = 0
for line in sys.stdin:
    program, *arguments = line.rstrip("\n").split("\t")
    main = importlib.import_module(f"pkilint.bin.{program}").main
    output, complaints = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(complaints):
        # Of two options with one name, the last counts.
        main(["lint", "--format", "JSON", "--severity", "WARNING", *arguments])
    if not output.getvalue():
        sys.exit(f"{line}{complaints.getvalue()}")
    for result in json.loads(output.getvalue())["results"]:
        for finding in result["finding_descriptions"]:
            print(json.dumps({"document": documents, "place": result["node_path"], **finding}))
    documents += 1
print(json.dumps({"documents": documents}))
