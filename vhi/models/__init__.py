"""Network architectures (torch). Nothing here knows about scans, tasks or files."""
