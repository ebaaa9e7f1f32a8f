"""The history of migrations as items of a DynamoDB table with the string keys ``pk`` and ``sk``.

=======================================  ===============================================================
sk                                       what
=======================================  ===============================================================
``event#000000000007``                   one event, written once
``lock``                                 who runs migrations, the fence, and how many events there are
``step#0.0.3#up#7#0002#00000012``        a step, under the fence of the run that wrote it
``step#0.0.3#up#7#0000#00000012``        which steps of older fences that run inherited
``request#<id>``                         what was answered to a request of a caller elsewhere
=======================================  ===============================================================

``pk`` is ``migrations#<environment>``. An event is put in one transaction with the lock's count of events; no other
transaction names the lock, and a step is a plain put.
"""
