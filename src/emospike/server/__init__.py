"""Server: decisions over HTTP for programs on the same machine, and pages that listen and show recordings."""
