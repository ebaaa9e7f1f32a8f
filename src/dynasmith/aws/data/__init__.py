"""The data plane: many requests in flight, signed by ourselves, replies read by their shape.

Everything that says *where* and *as whom* (address, CA bundle, proxy, credentials) comes from a botocore client of the
same factory as the control plane; only the sending and the reading are our own, because they are the cost.
"""
