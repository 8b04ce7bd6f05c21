"""Network architectures (torch). Nothing here knows of scans, tasks or files."""
