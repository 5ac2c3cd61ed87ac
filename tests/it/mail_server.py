"""A real SMTP server for the tests: writes each mail into a directory, refuses some, ends when its parent does."""

import asyncio
import os
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Handler:
    def __init__(self, directory):
        self.directory = directory
        self.received = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        refusals = {"gone": "550 no such person", "later": "451 come back later"}
        refusal = refusals.get(address.split("@")[0])
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.received += 1
        path = os.path.join(self.directory, f"{self.received}.eml")
        with open(path, "wb") as file:
            file.write(envelope.original_content)
        return "250 OK"


async def main():
    directory, sign_in = sys.argv[1], len(sys.argv) > 2
    handler = Handler(directory)
    asked = dict(
        auth_required=sign_in,
        auth_require_tls=False,
        authenticator=lambda *_: AuthResult(success=False, handled=False),
    )
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, **(asked if sign_in else {})), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    os._exit(0)


asyncio.run(main())
