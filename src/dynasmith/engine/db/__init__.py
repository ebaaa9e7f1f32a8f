"""Items of model classes in a table: `Db`, and the queries that it gives. Application code, with no consent to ask."""
