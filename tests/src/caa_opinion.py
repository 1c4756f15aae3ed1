"""Says for each line of a file whether CAA records permit a certificate.

A line is JSON: the name, and the records of each domain as [flags, tag, value]. The arguments are the
file and the names of the CA. Records are not looked up anywhere else.
"""

import asyncio
import json
import sys

import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.resolver
import dns.rrset
from dns.rdtypes.ANY.CAA import CAA
from open_mpic_core import CaaCheckRequest
from open_mpic_core.mpic_caa_checker.mpic_caa_checker import MpicCaaChecker


class Zones:
    """Answers by the records of one line."""

    def __init__(self, zones):
        self.zones = zones

    async def resolve(self, domain, kind):
        records = self.zones.get(domain.to_text(omit_final_dot=True))
        if not records:
            raise dns.resolver.NXDOMAIN()
        data = [CAA(dns.rdataclass.IN, kind, flags, tag.encode(), value.encode()) for flags, tag, value in records]

        class Answer:
            rrset = dns.rrset.from_rdata_list(domain, 60, data)

        return Answer


async def main():
    checker = MpicCaaChecker(sys.argv[2:])
    for line in open(sys.argv[1]):
        question = json.loads(line)
        checker.resolver = Zones(question["zones"])
        response = await checker.check_caa(CaaCheckRequest(domain_or_ip_target=question["name"]))
        print(json.dumps({"permitted": response.check_passed, "completed": response.check_completed}))


asyncio.run(main())
