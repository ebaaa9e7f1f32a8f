"""Bundles: the zip of a project with its packages that a Lambda function runs. What goes in, and how it is written."""
