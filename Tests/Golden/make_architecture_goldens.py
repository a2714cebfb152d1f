# SPDX-License-Identifier: MIT
"""Writes Tests/Golden/architectures.txt: the tensors of known models, and the sizes of their modules' outputs.

Needs torch, torchvision, timm and efficientnet-lite-pytorch. A model begins with a line "# PACKAGE/NAME SIZE EPSILON",
where SIZE is the side of the square input and EPSILON that of the batch norms (0 without batch norms). Then each module
has a line, first those with tensors in the order of the state dict, then the others:

    DEPTH NAME KIND [HEIGHT WIDTH]

DEPTH is the number of leading parts that the name shares with the name before, NAME the rest. KIND is

    cOUT,IN,KY,KX    a convolution's weights; "C" with a bias
    n[CHANNELS]      a batch norm; CHANNELS is left out if the convolution before has as many
    lOUT,IN          a linear layer with a bias
    sEXTENT,…        a tensor alone: the weights of a convolution of one dimension
    oCHANNELS        any other module

HEIGHT and WIDTH are those of the module's output. WIDTH is left out if it equals HEIGHT. Batch norms and linear layers
have neither.
"""

import pathlib

import timm
import torch
import torchvision
from efficientnet_lite_pytorch import EfficientNet
from module_lines import lines
from torch import nn
from torchvision import models
from torchvision.models.regnet import BlockParams

TORCHVISION = """alexnet vgg11 vgg16_bn squeezenet1_0 squeezenet1_1 resnet18 resnet50 resnext50_32x4d
googlenet inception_v3 densenet121 mobilenet_v2 mobilenet_v3_small mobilenet_v3_large mnasnet0_5 mnasnet1_3
shufflenet_v2_x0_5 efficientnet_b0 efficientnet_v2_s regnet_y_400mf regnet_x_400mf""".split()
TIMM = """vgg11 efficientnet_b0 efficientnet_lite0 mobilenetv2_100 tf_efficientnet_lite0 tf_efficientnetv2_b0
efficientnetv2_rw_t mobilenetv3_small_100 mobilenetv4_conv_small mobilenetv4_conv_medium mnasnet_small resnet10t seresnext26d_32x4d
ecaresnet26t resnetrs50 resnetv2_18d resnetv2_50 repvgg_a0 regnety_002""".split()

# Modules whose output is that of their last part.
WRAPPERS = {"Sequential", "Conv2dNormActivation", "BasicConv2d", "AnyStage", "BottleneckTransform", "SimpleStemIN", "ConvMlp",
            "ClassifierHead", "BatchNormAct2d"}

# RegNet computes its widths with tensors, which need values: the meta device has none.
original = BlockParams.from_init_params.__func__


def on_cpu(cls, *arguments, **options):
    with torch.device("cpu"):
        return original(cls, *arguments, **options)


BlockParams.from_init_params = classmethod(on_cpu)


def modules(model, size):
    """Returns the names and kinds of the modules with tensors, in the order of the state dict, and of the others."""
    shapes = {}
    for name, module in model.named_modules():
        if not name:
            continue
        module.register_forward_hook(
            lambda _, __, output, name=name: shapes.__setitem__(name, tuple(output.shape)))
    model.eval()(torch.empty(2, 3, size, size))
    last = None
    rows, others = [], []
    for name, module in model.named_modules():
        shape = shapes.get(name, ())
        kind = type(module).__name__
        plane = "" if len(shape) < 4 else f" {shape[2]}" if shape[2] == shape[3] else f" {shape[2]} {shape[3]}"
        if isinstance(module, nn.Conv2d):
            weight = ",".join(map(str, module.weight.shape))
            last = module.weight.shape[0]
            rows.append((name, ("c" if module.bias is None else "C") + weight + plane))
        elif isinstance(module, nn.BatchNorm2d):
            rows.append((name, "n" if module.num_features == last else f"n{module.num_features}"))
        elif isinstance(module, nn.Conv1d):
            rows.append((f"{name}.weight", "s" + ",".join(map(str, module.weight.shape))))
        elif isinstance(module, nn.Linear):
            rows.append((name, f"l{module.out_features},{module.in_features}"))
        elif plane and ("Pool" in kind or list(module.children()) and kind not in WRAPPERS):
            others.append((name, f"o{shape[1]}{plane}"))
    return rows, others


def models_by_name():
    for name in TORCHVISION:
        options = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
        yield f"torchvision/{name}", lambda: getattr(models, name)(weights=None, **options)
    for name in TIMM:
        yield f"timm/{name}", lambda: timm.create_model(name)
    yield "lite/efficientnet_lite0", lambda: EfficientNet.from_name("efficientnet-lite0")


result = []
for name, make in models_by_name():
    size = 299 if "inception" in name else 224
    with torch.device("meta"):
        model = make()
        rows, others = modules(model, size)
    epsilons = {module.eps for module in model.modules() if isinstance(module, nn.BatchNorm2d)} or {0}
    assert len(epsilons) == 1
    result += [f"# {name} {size} {epsilons.pop():g}", *lines(rows), *lines(others)]

path = pathlib.Path(__file__).parent / "architectures.txt"
path.write_text("\n".join(result) + "\n")
print(f"{path.stat().st_size} bytes, torch {torch.__version__}, torchvision {torchvision.__version__}, timm {timm.__version__}")
