"""The item flow: source(segment) -> page -> stage -> pace -> sink(batch) -> checkpoint, and the verbs made of it."""
