"""gunicorn's threaded worker, which loses no connection when it ends."""

from __future__ import annotations

from gunicorn.workers.gthread import ThreadWorker


class DrainingWorker(ThreadWorker):  # type: ignore[misc]
    """Takes what waits in the kernel's queue before it stops listening.

    The base class leaves the socket open, and so the queue growing, until its last request is done, and whoever is
    in the queue then is reset. Here such a client is answered, and a later one finds the port closed and goes
    elsewhere.
    """

    def set_accept_enabled(self, enabled: bool) -> None:
        """Accepts connections or stops; when the worker ends, for good."""
        super().set_accept_enabled(enabled)
        if self.alive:
            return
        for listener in self.sockets:
            listener.setblocking(False)
            taken = -1
            while taken != self.nr_conns:  # which accept() leaves as it is when nobody waits
                taken = self.nr_conns
                self.accept(listener)
            listener.close()
