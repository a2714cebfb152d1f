# SPDX-License-Identifier: MIT
"""Writes Tests/Golden/names.txt: small networks with the names of several programs, and what PyTorch computes with them
in float64.

Needs torch, torchvision, timm and transformers. The file has the format that make_architecture_goldens.py describes, without
the modules' outputs, and with one more kind:

    s[EXTENT,…]      a tensor alone

A line "= KEY VALUES" gives more about the network whose tensors come before it:

    = config JSON          config.json of transformers
    = scores S …           the scores
    = class C              a class
    = gradient G …         the elements of ∂s_C/∂X at the positions of noise.positions(0, 64, 3·SIZE²)

The weights are not stored. `fill` computes them, and the input, from a hash; NameGoldens.swift does the same.
"""

import json
import pathlib

import numpy as np
import timm
import torch
import transformers
from module_lines import lines
from noise import positions, splitmix64
from timm.models.byobnet import ByoBlockCfg, ByobNet, ByoModelCfg
from torch import nn
from torchvision.models import MobileNetV2, VGG
from torchvision.models.vgg import make_layers

CLASSES = 5


def reals(seed, count):
    """Returns numbers in [-1, 1), as TestRandom(seed).reals(count) does."""
    with np.errstate(over="ignore"):
        states = np.uint64(seed) + np.arange(count, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        return (splitmix64(states).view(np.int64) >> 40) * 2.0**-23


def fill(net):
    """Gives every tensor its numbers: those of the tensor's place among the names, rounded to float32."""
    tensors = {name: value for name, value in net.state_dict().items() if value.is_floating_point()}
    for index, name in enumerate(sorted(tensors)):
        value = tensors[name]
        x = reals(index, value.numel())
        if name.endswith("running_var") or value.dim() < 2 and name.endswith(("weight", "gamma", "layer_scale_parameter")):
            x = 1 + 0.3 * x
        elif value.dim() < 2:
            x = 0.2 * x
        else:
            x = x * (6 / value[0].numel()) ** 0.5
        value.copy_(torch.from_numpy(x.astype(np.float32)).view(value.shape))


class Block(nn.Module):
    """A residual block with torchvision's names. `shortcut`: "linear", or "padded" for one without weights. `caffe`: whether
    the first convolution of a bottleneck has the stride."""

    def __init__(self, inputs, outputs, stride, bottleneck, shortcut, caffe=False):
        super().__init__()
        middle = outputs // 4 if bottleneck else outputs
        kernels = [1, 3, 1] if bottleneck else [3, 3]
        widths = [inputs] + [middle] * (len(kernels) - 1) + [outputs]
        self.strides = [stride, 1, 1] if caffe else [1, stride, 1] if bottleneck else [stride, 1]
        for index, kernel in enumerate(kernels):
            convolution = nn.Conv2d(*widths[index : index + 2], kernel, self.strides[index], kernel // 2, bias=False)
            setattr(self, f"conv{index + 1}", convolution)
            setattr(self, f"bn{index + 1}", nn.BatchNorm2d(widths[index + 1]))
        self.count, self.padding = len(kernels), (outputs - inputs) // 2
        self.downsample = None
        if shortcut == "linear" and (stride > 1 or inputs != outputs):
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = x
        for index in range(1, self.count + 1):
            y = getattr(self, f"bn{index}")(getattr(self, f"conv{index}")(y))
            y = y if index == self.count else y.relu()
        if self.downsample is not None:
            x = self.downsample(x)
        elif self.padding:
            x = nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.padding, self.padding))
        return (y + x).relu()


class ResNet(nn.Module):
    """A small ResNet with torchvision's names. `depth`: the blocks of each stage, or of all."""

    def __init__(self, widths, depth=1, bottleneck=False, small=False, shortcut="linear", pool=None, head=None, caffe=False):
        super().__init__()
        first = widths[0] // 4 if bottleneck else widths[0]
        self.conv1 = nn.Conv2d(3, first, 3 if small else 7, 1 if small else 2, 1 if small else 3, bias=False)
        self.bn1 = nn.BatchNorm2d(first)
        self.pool = not small if pool is None else pool
        stages, inputs = [], first
        depths = [depth] * len(widths) if isinstance(depth, int) else depth
        for stage, width in enumerate(widths):
            blocks = []
            for block in range(depths[stage]):
                blocks.append(Block(inputs, width, 2 if stage > 0 and block == 0 else 1, bottleneck, shortcut, caffe))
                inputs = width
            stages.append(nn.Sequential(*blocks))
            setattr(self, f"layer{stage + 1}", stages[-1])
        self.count = len(widths)
        self.fc = head if head is not None else nn.Linear(inputs, CLASSES)

    def forward(self, x):
        x = self.bn1(self.conv1(x)).relu()
        x = nn.functional.max_pool2d(x, 3, 2, 1) if self.pool else x
        for stage in range(self.count):
            x = getattr(self, f"layer{stage + 1}")(x)
        return self.fc(x.mean((2, 3)))


def vgg(norm, head, plan=(8, "M", 8, "M", 8, 8, "M"), small=False):
    net = VGG(make_layers(plan, batch_norm=norm), num_classes=CLASSES, init_weights=False)
    net.avgpool = nn.AdaptiveAvgPool2d(1 if small else 7)
    net.classifier = head
    return net


def renamed(net, *pairs):
    """Returns a network with other names: in each name the first pair whose first text begins the name is applied."""
    for name, value in list(net.state_dict().items()):
        for old, new in pairs:
            if name.startswith(old):
                yield name, new + name[len(old) :], value
                break
        else:
            yield name, name, value


def transformer(kind, config):
    options = getattr(transformers, f"{kind}Config")(num_labels=CLASSES, **config)
    return getattr(transformers, f"{kind}ForImageClassification")(options)


def mmpretrain_mobilenet():
    pairs = [("features.0.0", "backbone.conv1.conv"), ("features.0.1", "backbone.conv1.bn")]
    pairs += [("features.18.0", "backbone.conv2.conv"), ("features.18.1", "backbone.conv2.bn")]
    pairs += [("classifier.1", "head.fc")]
    parts = [("0.0", "0.conv"), ("0.1", "0.bn"), ("1", "1.conv"), ("2", "1.bn")]
    pairs += [(f"features.1.conv.{old}.", f"backbone.layer1.0.conv.{new}.") for old, new in parts]
    parts = [("0.0", "0.conv"), ("0.1", "0.bn"), ("1.0", "1.conv"), ("1.1", "1.bn"), ("2", "2.conv"), ("3", "2.bn")]
    index = 2
    for layer, depth in enumerate([2, 3, 4, 3, 3, 1], start=2):
        for block in range(depth):
            pairs += [(f"features.{index}.conv.{old}.", f"backbone.layer{layer}.{block}.conv.{new}.") for old, new in parts]
            index += 1
    return pairs


def mmpretrain_vgg(net):
    """Returns pairs for VGG with batch norms: mmpretrain numbers a convolution and its batch norm as one module."""
    pairs, number = [], 0
    for index, layer in enumerate(net.features):
        if isinstance(layer, nn.Conv2d):
            pairs.append((f"features.{index}.", f"backbone.features.{number}.conv."))
            pairs.append((f"features.{index + 1}.", f"backbone.features.{number}.bn."))
        number += isinstance(layer, (nn.Conv2d, nn.MaxPool2d))
    return pairs + [("classifier.", "backbone.classifier.")]


def facebook(net):
    """Returns pairs that give transformers' ConvNeXt the names of the network's authors."""
    first = next(iter(net.state_dict())).split(".")[0]
    pairs = [(f"{first}.embeddings.patch_embeddings", "downsample_layers.0.0")]
    pairs += [(f"{first}.embeddings.layernorm", "downsample_layers.0.1"), (f"{first}.layernorm", "norm"), ("classifier", "head")]
    parts = [("layernorm", "norm"), ("layer_scale_parameter", "gamma"), ("grn.weight", "grn.gamma"), ("grn.bias", "grn.beta")]
    for stage in range(4):
        old = f"{first}.encoder.stages.{stage}"
        pairs.append((f"{old}.downsampling_layer", f"downsample_layers.{stage}"))
        for block in range(4):
            pairs += [(f"{old}.layers.{block}.{part}", f"stages.{stage}.{block}.{new}") for part, new in parts]
            pairs.append((f"{old}.layers.{block}", f"stages.{stage}.{block}"))
    return pairs


def mlp(inputs, middle=6, dropout_first=False):
    """Returns VGG's head: three linear layers with ReLU and dropout between them."""
    layers = [nn.Dropout()] if dropout_first else []
    layers += [nn.Linear(inputs, middle), nn.ReLU()] + ([] if dropout_first else [nn.Dropout()])
    layers += [nn.Dropout()] if dropout_first else []
    layers += [nn.Linear(middle, middle), nn.ReLU()] + ([] if dropout_first else [nn.Dropout()])
    return nn.Sequential(*layers, nn.Linear(middle, CLASSES))


def networks():
    """Yields labels, sizes, networks, pairs that rename them, and configurations."""
    small = {"embedding_size": 8, "hidden_sizes": [8, 8, 16, 16], "depths": [1, 2, 1, 1]}
    yield "transformers/resnet12", 32, transformer("ResNet", small | {"layer_type": "basic"}), [], {}
    strides = {"layer_type": "bottleneck", "downsample_in_bottleneck": True, "downsample_in_first_stage": True}
    yield "transformers/resnet17", 64, transformer("ResNet", small | strides), [], strides
    epsilon = {"layer_norm_eps": 0.01}
    sizes = {"hidden_sizes": [8, 8, 16, 16], "depths": [1, 2, 1, 1], "layer_scale_init_value": 1.0}
    yield "transformers/convnext", 64, transformer("ConvNext", sizes | epsilon), [], epsilon
    yield "transformers/mobilenet_v2", 64, transformer("MobileNetV2", {"depth_multiplier": 0.05}), [], {}
    sizes = {"hidden_sizes": [8, 8, 16, 16], "depths": [1, 2, 1, 1]}
    padding = {"tf_padding": False, "layer_norm_eps": 0.01}
    yield "transformers/mobilenet_v2", 64, transformer("MobileNetV2", {"depth_multiplier": 0.05} | padding), [], padding
    b1 = {"width_coefficient": 1.0, "depth_coefficient": 1.1, "hidden_dim": 1280, "depthwise_padding": [16]}
    yield "transformers/efficientnet_b1", 64, transformer("EfficientNet", b1), [], {}
    b0 = {"width_coefficient": 1.0, "depth_coefficient": 1.0, "hidden_dim": 1280, "depthwise_padding": [3]}
    b0["batch_norm_eps"] = 0.01
    yield "transformers/efficientnet_b0", 64, transformer("EfficientNet", b0), [], b0

    net = transformer("ConvNextV2", sizes | epsilon)
    yield "transformers/convnextv2", 64, net, [], epsilon
    fifty = small | {"layer_type": "bottleneck", "hidden_sizes": [16, 32, 64, 128], "embedding_size": 4, "depths": [3, 4, 6, 3]}
    yield "transformers/resnet50:caffe", 64, transformer("ResNet", fifty | {"downsample_in_bottleneck": True}), [], {}
    for name, kind in [("convnext", "ConvNext"), ("convnextv2", "ConvNextV2")]:
        net = transformer(kind, sizes | {"layer_norm_eps": 1e-6})
        yield f"facebook/{name}", 64, net, facebook(net), None

    backbone = [("fc", "head.fc"), ("", "backbone.")]
    fifty = ([16, 32, 64, 128], [3, 4, 6, 3], True)
    yield "torchvision/resnet50:caffe", 64, ResNet(*fifty, caffe=True), [], None
    yield "openmmlab/resnet50:caffe", 64, ResNet(*fifty, caffe=True), backbone, None
    yield "openmmlab/resnet14", 32, ResNet([16, 32, 64, 128], bottleneck=True), backbone, None
    net = MobileNetV2(num_classes=CLASSES, width_mult=0.1)
    yield "openmmlab/mobilenet_v2", 32, net, mmpretrain_mobilenet(), None
    net = vgg(True, mlp(8 * 49))
    yield "openmmlab/vgg7_bn", 32, net, mmpretrain_vgg(net), None

    yield "cifar/resnet10_cifar", 32, ResNet([4, 8, 16, 32], small=True), [], None
    yield "cifar/resnet18_cifar:max_pool", 32, ResNet([4, 8, 16, 32], 2, small=True, pool=True), [], None
    shortcut = [(f"layer{s}.{b}.downsample", f"layer{s}.{b}.shortcut") for s in range(1, 5) for b in range(2)]
    kuangliu = shortcut + [("fc", "linear")]
    yield "cifar/resnet26_cifar", 32, ResNet([16, 32, 64, 128], 2, True, True), kuangliu, None
    yield "cifar/resnet14_cifar", 32, ResNet([4, 8, 16], 2, small=True), [], None
    yield "cifar/resnet14_cifar", 32, ResNet([4, 8, 16], 2, small=True, shortcut="padded"), [("fc", "linear")], None
    parts = [("conv1", 0), ("bn1", 1), ("conv2", 3), ("bn2", 4), ("conv3", 6), ("bn3", 7)]
    sequential = [("conv1", "conv1.0"), ("bn1", "conv1.1")]
    for s in range(1, 5):
        sequential += [(f"layer{s}.0.{old}", f"conv{s + 1}_x.0.residual_function.{new}") for old, new in parts]
        sequential += [(f"layer{s}.0.downsample", f"conv{s + 1}_x.0.shortcut")]
    yield "cifar/resnet14_cifar", 32, ResNet([16, 32, 64, 128], 1, True, True), sequential, None
    yield "cifar/vgg7_bn", 16, vgg(True, nn.Linear(8, CLASSES), small=True), [], None
    yield "cifar/vgg7", 16, vgg(False, mlp(8, dropout_first=True), small=True), [], None

    blocks = [ByoBlockCfg(type="rep", d=d, c=c, s=2, gs=gs) for d, c, gs in [(1, 8, 0), (3, 12, 4), (1, 16, 0), (1, 16, 0)]]
    training = ByoModelCfg(blocks=tuple(blocks), stem_type="rep", stem_chs=8)
    yield "timm/repvgg", 64, ByobNet(training, num_classes=CLASSES), [], None
    widths = {"layers": [1, 2, 1, 1], "channels": [4, 8, 8, 12], "stem_width": 8, "stem_type": "deep_tiered"}
    attention = {"avg_down": True, "block_args": {"attn_layer": "eca"}, "num_classes": CLASSES}
    yield "timm/ecaresnet17t", 64, timm.models.resnet.ResNet(timm.models.resnet.Bottleneck, **widths, **attention), [], None

    yield "caffe/vgg7", 32, vgg(False, mlp(8 * 49, dropout_first=True)), [], None

    def finetuned(*layers, **options):
        return ResNet([8, 8, 8, 8], head=nn.Sequential(*layers), **options)

    yield "heads/resnet10", 32, finetuned(nn.Dropout(), nn.Linear(8, CLASSES)), [], None
    head = [nn.Linear(8, 6), nn.ReLU(), nn.Dropout(), nn.Linear(6, CLASSES)]
    yield "heads/resnet10", 32, finetuned(*head), [], None
    head = [nn.Linear(8, 7), nn.BatchNorm1d(7), nn.ReLU(), nn.Dropout(), nn.Linear(7, 6), nn.Linear(6, CLASSES)]
    yield "heads/resnet10", 32, finetuned(*head), [], None
    head = [nn.BatchNorm1d(8), nn.Dropout(), nn.Linear(8, 6), nn.ReLU(), nn.BatchNorm1d(6), nn.Dropout(), nn.Linear(6, CLASSES)]
    yield "heads/resnet10", 32, finetuned(*head), [], None
    net = ResNet([8, 8, 8, 8], head=nn.Sequential())
    for name, layer in [("fc1", nn.Linear(8, 6)), ("relu", nn.ReLU()), ("fc2", nn.Linear(6, CLASSES))]:
        net.fc.add_module(name, layer)
    yield "heads/resnet10", 32, net, [], None
    beside = [("fc", "classifier"), ("", "backbone.")]
    yield "heads/resnet10", 32, ResNet([8, 8, 8, 8]), beside, None
    net = MobileNetV2(num_classes=CLASSES, width_mult=0.1)
    net.classifier = nn.Linear(1280, CLASSES)
    yield "heads/mobilenet_v2", 32, net, [], None
    net = MobileNetV2(num_classes=CLASSES, width_mult=0.1)
    net.classifier = nn.Sequential(nn.Linear(1280, 6), nn.ReLU(), nn.Dropout(), nn.Linear(6, CLASSES))
    yield "heads/mobilenet_v2", 32, net, [], None


def rows(state):
    """Returns the names and kinds of the modules of a state dict, as make_architecture_goldens.py describes them."""
    modules = {}
    for name, value in state.items():
        module, _, part = name.rpartition(".")
        modules.setdefault(module, {})[part] = tuple(value.shape)
    last = None
    for module, parts in modules.items():
        weight = parts.get("weight", ())
        numbers = ",".join(map(str, weight))
        if "running_mean" in parts:
            yield module, "n" if weight[0] == last else f"n{weight[0]}"
        elif len(weight) == 4 and parts.keys() <= {"weight", "bias"} and parts.get("bias", weight[:1]) == weight[:1]:
            last = weight[0]
            yield module, ("C" if "bias" in parts else "c") + numbers
        elif len(weight) == 2 and parts.keys() == {"weight", "bias"}:
            last = weight[0]
            yield module, f"l{numbers}"
        else:
            for part, shape in parts.items():
                yield f"{module}.{part}", "s" + ",".join(map(str, shape))


def main():
    result = []
    for label, size, net, pairs, config in networks():
        net = net.eval().double().requires_grad_(False)
        # The numbers depend on the names in the file.
        names = {new: old for old, new, _ in renamed(net, *pairs)}
        state = {new: net.state_dict()[old] for new, old in names.items()}
        holder = type("Holder", (), {"state_dict": lambda self, state=state: state})()
        fill(holder)
        x = torch.from_numpy(reals(9999, 3 * size * size).astype(np.float32)).double().view(1, 3, size, size).requires_grad_(True)
        scores = net(x)
        scores = (scores if isinstance(scores, torch.Tensor) else scores.logits)[0]
        target = int(scores.argmax())
        (gradient,) = torch.autograd.grad(scores[target], x)
        samples = gradient.flatten()[torch.from_numpy(positions(0, 64, gradient.numel()))]
        result += [f"# {label} {size} 0", *lines(rows(state))]
        if config is not None:
            result.append(f"= config {json.dumps(config, separators=(',', ':'))}")
        result.append("= scores " + " ".join(f"{score:.8g}" for score in scores.tolist()))
        result.append(f"= class {target}")
        result.append("= gradient " + " ".join(f"{value:.6g}" for value in samples.tolist()))
        print(label, scores.detach().numpy().round(3), float(gradient.norm()))
    path = pathlib.Path(__file__).parent / "names.txt"
    path.write_text("\n".join(result) + "\n")
    print(f"{path.stat().st_size} bytes, torch {torch.__version__}, transformers {transformers.__version__}")


if __name__ == "__main__":
    main()
