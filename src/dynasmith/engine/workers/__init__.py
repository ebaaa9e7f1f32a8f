"""The worker kit: processes that do a part of a verb's work, here or elsewhere, and what is said to them and by them.

Frames are of one format (``frames``). What a worker is given is made of names and plain values (``values``), what it
says is a closed set of messages, and errors cross as text (``failures``): nothing is unpickled on either side.
"""
