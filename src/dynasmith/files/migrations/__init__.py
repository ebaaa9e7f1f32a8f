"""The folder of migrations: what its files are (nothing of them is run), and how one is loaded to be run."""
