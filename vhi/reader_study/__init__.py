"""The paper's analyses put together: tables, figures and the report of `vhi study`."""
