"""Where workers of a job are placed: machines that dial in, clusters of Dask, the executors of Spark."""
