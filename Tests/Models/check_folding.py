# SPDX-License-Identifier: MIT
"""Compares random arithmetic on constants, in every type of ONNX's numbers, with ONNX Runtime.

    check_folding.py --binary .build/release/pixelascent --count 400 --seed 1

Each graph adds the results of one to three operators on constants to the scores of a small network. ONNX Runtime must
compute the same scores: within 1e-5, or 4e-3 where a float of 16 bits is involved, since ONNX Runtime rounds only some
results to these. A graph that ONNX Runtime refuses is skipped. PixelAscent may refuse what has no defined result: a cast,
a power, or a sum or product of many integers that is out of range.
"""

import argparse
import random
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from program import Failure, Program, script

SIDE, CLASSES, BOUND, HALF_BOUND = 8, 24, 1e-5, 4e-3
INFINITE = 54300  # the number in place of ∞ is larger
INTEGERS = ("uint8", "int8", "uint16", "int16", "int32", "uint32", "int64", "uint64")
FLOATS = ("float32", "float64", "float16")
BINARY = ("Add", "Sub", "Mul", "Div", "Mod", "Min", "Max", "Pow", "Sum", "Equal", "Less", "Greater", "LessOrEqual",
          "GreaterOrEqual", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitShift", "Where", "Concat", "MatMul")  # fmt: skip
UNARY = ("Neg", "Abs", "Sign", "Relu", "Floor", "Round", "IsNaN", "IsInf", "BitwiseNot", "Not", "Cast", "CastLike", "Clip",
         "CumSum", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceMean", "ReduceSumSquare", "ArgMax", "ArgMin",
         "TopK", "ScatterElements", "Pad", "Trilu", "Transpose", "NonZero", "Sqrt")  # fmt: skip
ORDERING = ("ReduceMax", "ReduceMin", "ScatterElements", "TopK", "ArgMax", "ArgMin")
INEXACT = ("ReduceSum", "ReduceProd", "ReduceSumSquare", "ReduceMean")
UNDEFINED = ("which has no such number", *(f"operator {name} is not supported here: it can't be computed" for name in (
    "Pow", "ReduceSum", "ReduceProd", "ReduceSumSquare", "ReduceMean")))  # fmt: skip


class Case:
    """A graph of random operators on constants."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.nodes, self.tensors, self.kinds = [], [], set()
        # With NaN, ONNX Runtime's maxima of several elements depend on their order.
        self.hasNaN = self.random.random() < 0.3
        kind = self.random.choice((*INTEGERS, *FLOATS, "bool"))
        value, self.operators = self.constant(kind), []
        for _ in range(self.random.randint(1, 3)):
            names = UNARY if self.random.random() < 0.5 else BINARY
            some = [name for name in names if not self.hasNaN or name not in ORDERING]
            # ONNX Runtime computes these in double precision.
            name = self.random.choice([name for name in some if kind not in ("int64", "uint64") or name not in INEXACT])
            self.operators.append(f"{name}({kind})")
            value, kind = self.apply(name, value, kind)
        self.kinds.add(kind)
        self.finish(value)

    def add(self, array):
        self.tensors.append(numpy_helper.from_array(np.asarray(array), f"c{len(self.tensors)}"))
        return self.tensors[-1].name

    def constant(self, kind, shape=(2, 3)):
        """Adds a constant of random numbers, some of them the type's extremes."""
        self.kinds.add(kind)
        count = int(np.prod(shape))
        if kind == "bool":
            values = [self.random.random() < 0.5 for _ in range(count)]
        elif kind in FLOATS:
            # ONNX Runtime may compute with float16 in float32, where nothing overflows.
            choices = [-1.5, -0.0, 0.25, 1, 2.5, 3, 1 / 3, 2 if kind == "float16" else 1e3]
            if self.hasNaN:
                choices += [float("inf"), float("-inf"), float("nan")]
            values = [self.random.choice(choices) for _ in range(count)]
        else:
            limits = np.iinfo(kind)
            some = (1, 2, 3, 5, 7, 100, int(limits.min), int(limits.max), int(limits.max) - 1, int(limits.max) // 2, 2**53 + 1)
            values = [v if v <= limits.max else 3 for v in (self.random.choice(some) for _ in range(count))]
        return self.add(np.array(values, kind).reshape(shape))

    def node(self, kind, inputs, outputs=1, **attributes):
        made = [f"v{len(self.nodes)}_{k}" for k in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, made, **attributes))
        return made[0]

    def apply(self, name, x, kind):
        """Adds an operator. Returns its result and the result's type."""
        shape = self.random.choice(((2, 3), (1, 3), (2, 1), ()))
        if name == "BitShift":
            small = self.add(np.array(self.random.randint(0, 9), kind))
            return self.node(name, [x, small], direction=self.random.choice(("LEFT", "RIGHT"))), kind
        if name == "Div" and kind not in FLOATS:
            return self.node(name, [x, self.add(np.array(self.random.choice((1, 2, 3, 7)), kind))]), kind
        if name == "Mod":
            divisor = self.add(np.array(self.random.choice((1, 2, 3, 7)), kind))
            return self.node(name, [x, divisor], fmod=1 if kind in FLOATS else self.random.randint(0, 1)), kind
        if name == "Pow":
            return self.node(name, [x, self.add(np.array(self.random.choice((2, 3)), kind))]), kind
        if name == "Where":
            return self.node(name, [self.constant("bool", shape), x, self.constant(kind, shape)]), kind
        if name == "Concat":
            return self.node(name, [x, self.constant(kind)], axis=0), kind
        if name == "MatMul":
            return self.node(name, [x, self.constant(kind, (3, 2))]), kind
        if name in BINARY:
            isTruth = name in ("Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual")
            return self.node(name, [x, self.constant(kind, shape)]), "bool" if isTruth else kind
        if name in ("Cast", "CastLike"):
            target = self.random.choice((*INTEGERS, *FLOATS, "bool", *([] if name == "CastLike" else ["bfloat16"])))
            if target == "bfloat16":
                self.kinds.add(target)
                return self.node(name, [self.node(name, [x], to=TensorProto.BFLOAT16)], to=TensorProto.FLOAT), "float32"
            if name == "CastLike":
                return self.node(name, [x, self.constant(target)]), target
            return self.node(name, [x], to=helper.np_dtype_to_tensor_dtype(np.dtype(target))), target
        if name in ("IsNaN", "IsInf"):
            signs = {key: self.random.randint(0, 1) for key in ("detect_negative", "detect_positive")}
            return self.node(name, [x], **(signs if name == "IsInf" else {})), "bool"
        if name == "Clip":
            low, high = (self.add(np.array(v, kind)) for v in (1, self.random.choice((2, 100))))
            return self.node(name, [x, self.random.choice((low, "")), self.random.choice((high, ""))]), kind
        if name == "CumSum":
            return self.node(name, [x, self.add(np.int64(-1))]), kind
        if name in ("ArgMax", "ArgMin"):
            return self.node(name, [x], axis=-1, select_last_index=self.random.randint(0, 1)), "int64"
        if name == "TopK":
            largest = self.random.randint(0, 1)
            return self.node(name, [x, self.add(np.array([1]))], 2, largest=largest), kind
        if name == "ScatterElements":
            how = self.random.choice(("none", "add", "mul", "min", "max"))
            return self.node(name, [x, self.add(np.array([[0, 0]])), self.constant(kind, (1, 2))], reduction=how), kind
        if name == "Pad":
            pads = [self.random.randint(-1, 1), self.random.randint(-1, 1), self.random.randint(-1, 2), 0]
            inputs = [x, self.add(np.array(pads))]
            mode = self.random.choice(("constant", "edge", "wrap"))
            return self.node(name, inputs, mode=mode), kind
        if name == "Transpose":
            return self.node(name, [self.node(name, [x], perm=[1, 0])], perm=[1, 0]), kind
        return self.node(name, [x]), "bool" if name == "Not" else "int64" if name == "NonZero" else kind

    def finish(self, x):
        """Makes numbers of the result from which a float32 can tell every integer: remainder, size, and shape."""
        cast = {"to": TensorProto.FLOAT}
        wide = self.node("Cast", [x], **cast)
        if not self.kinds & set(FLOATS):
            rest = self.node("Mod", [self.node("Cast", [x], to=TensorProto.INT64), self.add(np.int64(65521))])
            wide = self.node("Concat", [wide, self.node("Cast", [rest], **cast)], axis=0)
        for test, number in (("IsNaN", 12345), ("IsInf", 54321)):
            wide = self.node("Where", [self.node(test, [wide]), self.add(np.float32(number)), wide])
        shape = self.node("Cast", [self.node("Shape", [wide])], **cast)
        parts = [shape, self.node("Reshape", [wide, self.add(np.array([-1]))]), self.add(np.zeros(CLASSES, np.float32))]
        whole = self.node("Concat", parts, axis=0)
        ends = [self.add(np.array([v])) for v in (0, CLASSES)]
        self.nodes += [
            helper.make_node("GlobalAveragePool", ["x"], ["a"]),
            helper.make_node("Flatten", ["a"], ["b"]),
            helper.make_node("MatMul", ["b", self.add(np.full((3, CLASSES), 0.125, np.float32))], ["c"]),
            helper.make_node("Add", ["c", self.node("Slice", [whole, *ends])], ["y"]),
        ]

    def model(self):
        value = helper.make_tensor_value_info
        inputs, outputs = [value("x", 1, [1, 3, SIDE, SIDE])], [value("y", 1, None)]
        graph = helper.make_graph(self.nodes, "g", inputs, outputs, self.tensors)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def expected(model, image):
    """Returns the scores that ONNX Runtime computes without changing the graph; None if it refuses the model."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return session.run(None, {"x": image})[0][0].astype(np.float64)
    except Exception:  # ONNX Runtime's errors have no other common class.
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=".build/release/pixelascent", help="default: %(default)s")
    parser.add_argument("--count", type=int, default=400, help="graphs that ONNX Runtime takes (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the first graph's seed (default: %(default)s)")
    options = parser.parse_args()
    onnxruntime.set_default_logger_severity(4)
    equal, undefined, failed, seed = 0, 0, 0, options.seed
    with tempfile.TemporaryDirectory() as name:
        picture, path = Path(name) / "image.png", Path(name) / "net.onnx"
        pixels = np.random.default_rng(7).integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(picture)
        image = (pixels.astype(np.float32) / 255).transpose(2, 0, 1)[None]
        program = Program(options.binary.resolve(), path, None, ["--mean", "0,0,0", "--std", "1,1,1"])
        while equal + undefined + failed < options.count:
            case = Case(seed)
            seed += 1
            with np.errstate(all="ignore"):
                model = case.model()
            right = expected(model, image)
            if right is None:
                continue
            onnx.save(model, path)
            what = f"seed {seed - 1}, {' → '.join(case.operators)}"
            try:
                found = program.scores([picture], CLASSES)[0]
            except Failure as failure:
                if any(reason in failure.line for reason in UNDEFINED):
                    undefined += 1
                else:
                    failed += 1
                    print(f"FAILED  {what}: {failure}", flush=True)
                continue
            bound = HALF_BOUND if case.kinds & {"float16", "bfloat16"} else BOUND
            if "float16" in case.kinds:
                # What is beyond float16 is infinite in the file's own type.
                right = np.where((np.abs(right) > 65504) & (np.abs(found) > INFINITE), found, right)
            if (np.abs(found - right) <= bound * np.maximum(1, np.abs(right))).all():
                equal += 1
            else:
                failed += 1
                wrong = [f"{r:.9g} / {f:.9g}" for r, f in zip(right, found, strict=True) if abs(r - f) > bound * max(1, abs(r))]
                print(f"FAILED  {what}: expected / found {', '.join(wrong)}", flush=True)
    print(f"{'FAILED' if failed else 'ok':7} {equal} graphs equal, {undefined} without a defined result, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    script(main)
