"""One module for each kind of question, with `make(system, user, schema)`; the loopback server loads them all."""
