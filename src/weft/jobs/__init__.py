"""What a command does, callable from Python: no parsing, no printing."""
