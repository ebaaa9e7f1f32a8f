"""Who may do what: policies of roles and resources, judged without anything of the engine, which enforces none."""
