"""What `soundctm serve` and `soundctm studio` run: the library, the jobs and the HTTP API."""
