"""An engine in this process, which a test may stop."""

from weft.engines.base import Ended, done
from weft.errors import UserError


class Here:
    stop_after = 10**9

    def __init__(self, count, threads):
        self.threads = threads

    def run(self, work, total, stage, report):
        for at, one in enumerate(work):
            if at == Here.stop_after:
                raise UserError("stopped")
            yield Ended(one, *done(one.target, one.spec, self.threads))
        report(stage, total, total, "")
