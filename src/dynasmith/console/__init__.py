"""The console: pages about tables, plans, jobs and items, served on this machine. A door, like the command line: it
calls
the project and shows what it answers. `README.md` of this folder says how to add a page."""
