"""Prints how AWS's own library signs a POST at the given time."""

import json
import sys
from datetime import datetime
from unittest import mock

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

given = json.loads(sys.argv[1])
request = AWSRequest("POST", given["url"], data=given.get("body", "").encode())
credentials = Credentials(given["key"], given["secret"], given["token"])
time = datetime.strptime(given["date"], "%Y%m%dT%H%M%SZ")
with mock.patch("botocore.auth.get_current_datetime", return_value=time):
    SigV4Auth(credentials, "lambda", given["region"]).add_auth(request)
print(request.headers["Authorization"])
