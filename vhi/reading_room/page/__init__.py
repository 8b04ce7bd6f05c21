"""What the browser is sent: slices, tables and controls of a case, and the page's own files."""
