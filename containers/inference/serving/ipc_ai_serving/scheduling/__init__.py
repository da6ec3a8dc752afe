"""Share the processor's cores among requests, within a worker process and between workers.

One rule each, in the order in which a request meets them:

1. ``parallelism`` decides at the start how many workers there are, how many threads a forward pass may have, and how
   many requests may wait. It reads ``settings`` and ``usable_cores``, which knows a container's CPU quota, and is fixed
   for the life of the program.
2. ``traffic.request`` admits a request or refuses it with 503. Workers count requests in ``shared_counts``, memory that
   all of them map, so the limit and the question "is this request alone?" hold for the whole program.
3. ``traffic.holding_core`` gives a thread a core from decoding to the end of the forward pass. ``cores`` grants them in
   order of arrival: a worker has its own share whatever others do, and borrows what others leave idle. No message
   tells of an idle core of another worker, so a waiting thread looks again every 50 ms.
4. ``traffic.may_take_all_threads`` lets a forward pass have all threads when no other request is in work and
   ``idle_cores`` finds the machine's other cores free. Otherwise a request has one thread: for several requests that is
   more throughput, and beside another process it is faster than threads that wait for each other.
5. ``batching`` has a GPU compute the frames of several requests in one forward pass. Threads that wait for it lend
   their cores, so other threads decode meanwhile.

``stages`` times these waits, and everything else that a request does, for the log.

Arrows: ``settings``, ``usable_cores`` <- ``parallelism`` <- ``traffic`` -> ``cores`` -> ``shared_counts``, and
``traffic`` <- ``batching``. Nothing here knows HTTP or images; ``parallelism`` alone asks which engine the named model
has. Decisions 0036, 0039 and 0053 have the figures and reasons.
"""
