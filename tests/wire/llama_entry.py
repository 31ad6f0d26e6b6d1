"""A process that serves a GGUF file with llama.cpp's own server and prints its address: FILE."""

import sys
import threading

import xllamacpp


def main(path: str) -> None:
    """Serve until killed."""
    params = xllamacpp.CommonParams()
    params.model.path = path
    params.n_ctx = 4096
    params.n_parallel = 1
    params.warmup = False
    params.port = 0
    params.verbosity = 0
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)  # noqa: T201  # read by the test
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1])
