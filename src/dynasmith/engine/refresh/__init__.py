"""Make tables of an environment a copy of another one's: a job of jobs, gone on with after any kill."""
