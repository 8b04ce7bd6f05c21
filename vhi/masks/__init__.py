"""Where the two areas come from, normal bone and disease region: given, drawn or predicted."""
