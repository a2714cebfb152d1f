# SPDX-License-Identifier: MIT
"""Compares scores and input gradients of the built program with Keras in float64, for Keras 3's networks exported as ONNX.

    check_keras.py --binary .build/release/pixelascent [--models …] [--folder DIR] [--keep]

Keras runs on PyTorch and exports with `model.export(path, format="onnx")`. The networks are those of keras.applications,
with random weights and a softmax at the end, as Keras makes them, and one small network that flattens before its linear
layers. The numbers are made as in make_models.py: activations neither vanish nor explode. The bounds, and the choice of
images with few near ties, are those of check_models.py. The scores are also compared with ONNX Runtime's probabilities.
"""

import os
import warnings
import zlib

os.environ["KERAS_BACKEND"] = "torch"
warnings.filterwarnings("ignore")  # PyTorch's exporter warns of every shape that it takes for a constant

import keras  # noqa: E402
import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402
import torch  # noqa: E402

import make_models  # noqa: E402
from check_models import EACH_BOUND, MEDIAN_BOUND, SCORE_BOUND, gradient_errors, reference, score_error  # noqa: E402
from program import Failure, Program, check_options, check_parser, script  # noqa: E402

SIDE, CLASSES = 128, 100
# The networks, each with the mean and standard deviation with which its pixels, from 0 to 1, are normalised.
SIGNED, BYTES, UNIT = (0.5, 0.5), (0, 1 / 255), (0, 1)
MODELS = {
    "Flatten": UNIT,
    "MobileNet": SIGNED,
    "MobileNetV2": SIGNED,
    "MobileNetV3Small": BYTES,
    "ResNet50": UNIT,
    "ResNet50V2": SIGNED,
    "DenseNet121": UNIT,
    "EfficientNetB0": BYTES,
    "EfficientNetV2B0": BYTES,
    "InceptionV3": SIGNED,
    "VGG16": UNIT,
}


def small_network(activation):
    """A network that flattens an image of several rows, columns and channels before its linear layers."""
    layers = keras.layers
    return keras.Sequential([
        keras.Input((SIDE, SIDE, 3)),
        layers.Conv2D(16, 5, strides=3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(24, 3, padding="same", strides=2, activation="relu"),
        layers.AveragePooling2D(2),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(32, activation="relu"),
        layers.Dense(CLASSES, activation=activation),
    ])  # fmt: skip


def build(name, activation, dtype="float32"):
    """Returns a network whose weights and sums are of a type. An activation of None stands for scores."""
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)
    if name == "Flatten":
        return small_network(activation)
    make = getattr(keras.applications, name)
    return make(weights=None, input_shape=(SIDE, SIDE, 3), classes=CLASSES, classifier_activation=activation)


class Channels(torch.nn.Module):
    """A Keras network as a module that takes (1, channels, rows, columns)."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        return self.model(x.permute(0, 2, 3, 1), training=False)


def fill(model, images):
    """Gives a network random numbers. `images`: (N, rows, columns, 3), as the network takes them."""
    random = np.random.default_rng(zlib.crc32(model.name.encode()))
    # Hard swish has its kinks at -3 and 3, ReLU at 0: see make_models.py. In ResNet V2 every sum of branches goes through
    # one more norm and ReLU, so fewer values may lie near 0.
    offset = (0.5, 1.5) if "MobileNetV3" in model.name else (3, 4) if model.name.endswith("v2") else (2, 3)
    positive = 0.25 if sum("MaxPooling" in type(layer).__name__ for layer in model.layers) > 1 else 0.75
    for layer in model._flatten_layers(recursive=True, include_self=False):
        kind = type(layer).__name__
        for variable in layer._trainable_variables + layer._non_trainable_variables:
            shape, key = tuple(variable.shape), variable.name
            if "kernel" in key:
                # A depthwise convolution's kernel has the shape (rows, columns, channels, 1).
                fan = np.prod(shape[:2]) if "Depthwise" in kind or "depthwise" in key else np.prod(shape[:-1])
                variable.assign(random.normal(0, (2 / fan) ** 0.5, shape))
            elif key == "bias":
                variable.assign(random.normal(0, 0.1, shape))
            elif key == "gamma":
                variable.assign(random.uniform(0.7, 1.3, shape))
            elif key == "beta":
                sign = np.sign(positive - random.uniform(0, 1, shape))
                values = random.uniform(*offset, shape) * sign
                variable.assign(values if kind == "BatchNormalization" else random.normal(0, 0.1, shape))
            elif kind == "Normalization" and key == "mean":
                variable.assign(np.array([0.485, 0.456, 0.406]).reshape(shape))
            elif kind == "Normalization" and key == "variance":
                variable.assign(np.array([0.229, 0.224, 0.225]).reshape(shape) ** 2)
    norms = [layer for layer in model.layers if type(layer).__name__ == "BatchNormalization"]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    with torch.no_grad():
        model(images, training=True)
        for norm, momentum in zip(norms, momenta):
            norm.momentum = momentum
            deviation = np.sqrt(keras.ops.convert_to_numpy(norm.moving_variance))
            norm.moving_mean.assign(norm.moving_mean + random.uniform(-0.3, 0.3, deviation.shape) * deviation)
            variance = np.maximum(deviation**2, (deviation**2).mean() / 4)
            norm.moving_variance.assign(variance * random.uniform(0.7, 1.4, deviation.shape))
        scores = keras.ops.convert_to_numpy(model(images, training=False))
    last = [layer for layer in model.layers if layer.weights][-1]
    for variable in last.trainable_variables:
        variable.assign(variable * (make_models.SCORE_DEVIATION / scores.std()))


def check(name, options):
    mean, std = MODELS[name]

    def normalise(rgb):
        return make_models.normalise(rgb, mean, std)

    images = np.stack([normalise(make_models.image(SIDE, seed)) for seed in range(1000, 1008)])
    net = build(name, None)
    fill(net, images.transpose(0, 2, 3, 1).astype(np.float32))
    exact = build(name, None, "float64")
    exact.set_weights(net.get_weights())
    cases = reference(name, Channels(net), options.folder, SIDE, normalise, exact=Channels(exact))
    whole = build(name, "softmax")
    whole.set_weights(net.get_weights())
    whole(np.zeros((1, SIDE, SIDE, 3), np.float32))
    path = options.folder / f"{name}.onnx"
    whole.export(str(path), format="onnx", verbose=False)
    words = ["--mean", ",".join([str(mean)] * 3), "--std", ",".join([str(std)] * 3)]
    program = Program(options.binary, path, arguments=words)
    try:
        scores = program.scores([case.file for case in cases], CLASSES)
        gradients = [program.gradient(case.file, case.target, options.folder)[0] for case in cases]
    except Failure as failure:
        print(f"FAILED  {name:18} {failure}", flush=True)
        return False
    error = max(score_error(row, case.scores) for row, case in zip(scores, cases))
    errors = gradient_errors(gradients, cases)
    theirs = max(score_error(case.float32_scores, case.scores) for case in cases)
    distance = max(runtime_error(path, case, row, normalise) for case, row in zip(cases, scores))
    ok = (
        error <= SCORE_BOUND
        and distance <= SCORE_BOUND
        and errors["gradient_median"] <= MEDIAN_BOUND
        and errors["gradient_worst"] <= EACH_BOUND
    )
    print(
        f"{'ok' if ok else 'FAILED':7} {name:18} {error:.1e} ({theirs:.1e})  {distance:.1e}"
        f"          {errors['gradient_median']:.1e}  {errors['gradient_worst']:.1e}",
        flush=True,
    )
    if not options.keep:
        for file in [*make_models.files(path), *(case.file for case in cases)]:
            file.unlink()
    return ok


def runtime_error(path, case, scores, normalise):
    """Returns the largest difference between the program's probabilities and those of ONNX Runtime."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rgb = np.asarray(make_models.Image.open(case.file))
    x = normalise(rgb).transpose(1, 2, 0)[None].astype(np.float32)
    (found,) = session.run(None, {session.get_inputs()[0].name: x})
    exponentials = np.exp(scores - scores.max())
    return float(np.abs(exponentials / exponentials.sum() - found[0]).max())


def main():
    parser = check_parser(__doc__, list(MODELS))
    parser.add_argument("--keep", action="store_true", help="don't remove the files")
    options = check_options(parser)
    print(f"Keras {keras.__version__}; in brackets Keras's own float32")
    print(f"{'':7} {'':18} score error        ONNX Runtime     gradient: median, worst")
    failed = sum(not check(name, options) for name in options.models)
    print(f"{len(options.models) - failed} of {len(options.models)} networks: {'FAILED' if failed else 'ok'}")
    return 1 if failed else 0


if __name__ == "__main__":
    script(main)
