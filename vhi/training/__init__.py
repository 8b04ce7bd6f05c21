"""Training networks (torch), from a table of cases to a folder that `vhi measure` can use."""
