"""Tables that are defined elsewhere: templates, states, requests and models become documents of a definition. Pure."""
