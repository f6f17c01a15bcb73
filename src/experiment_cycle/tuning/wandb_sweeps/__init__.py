"""W&B Sweeps: offline by its own algorithms on this machine, online by its server."""
