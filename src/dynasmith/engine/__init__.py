"""The verbs, over ports: planning, applying, ensuring, importing, validating, and the flow of items."""
