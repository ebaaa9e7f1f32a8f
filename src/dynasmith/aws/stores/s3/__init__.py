"""Jobs and undo journals in S3: one object a checkpoint, one a frame, claimed by conditional writes."""
