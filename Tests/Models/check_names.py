# SPDX-License-Identifier: MIT
"""Compares scores and input gradients of the built program with PyTorch in float64, for networks with the names of other
programs than torchvision's and with replaced heads.

    check_names.py --binary .build/release/pixelascent [--models …]

- Transformers' networks are folders as `save_pretrained` writes them. The program takes labels and preprocessing from
  config.json and preprocessor_config.json; the reference is the image processor of transformers. The images have the size
  before the crop, so that resizing adds no difference.
- The others are torchvision's networks, changed or renamed as people have them.

The numbers and bounds are those of check_models.py.
"""

import shutil

import numpy as np
import torch
import torchvision
import transformers
from PIL import Image
from torch import nn

import make_models
from check_models import check, reference, row
from program import Program, check_options, check_parser, script

CANDIDATES = 8
# The range of |bias| / weight of the batch norms. Values far from ReLU's kink make up for the few images.
OFFSET = (3, 4)


class Logits(nn.Module):
    """A network of transformers that returns only its scores."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net(x).logits


# For each network its class, its configuration, its image processor and the processor's settings.
BOTTLENECK = {"layer_type": "bottleneck", "hidden_sizes": [256, 512, 1024, 2048], "depths": [3, 4, 6, 3]}
BASIC = {"layer_type": "basic", "hidden_sizes": [64, 128, 256, 512], "depths": [2, 2, 2, 2]}
CROP = {"size": {"shortest_edge": 112}, "crop_pct": 0.875}
HALF = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
TRANSFORMERS = {
    "hf_resnet18": ("ResNet", BASIC, "ConvNext", CROP),
    "hf_resnet50": ("ResNet", BOTTLENECK, "ConvNext", CROP),
    "hf_resnet50_caffe": ("ResNet", BOTTLENECK | {"downsample_in_bottleneck": True}, "ConvNext", CROP),
    "hf_convnext_tiny": ("ConvNext", {}, "ConvNext", {"size": {"shortest_edge": 192}, "crop_pct": 0.95}),
    "hf_convnextv2_atto": (
        "ConvNextV2",
        {"hidden_sizes": [40, 80, 160, 320], "depths": [2, 2, 6, 2]},
        "ConvNext",
        {"size": {"shortest_edge": 96}, "crop_pct": 0.75},
    ),
    "hf_mobilenet_v2": ("MobileNetV2", {}, "MobileNetV2", HALF),
    "hf_mobilenet_v2_96": (
        "MobileNetV2",
        {"depth_multiplier": 0.35, "image_size": 96, "num_labels": 1001},
        "MobileNetV2",
        {"size": {"shortest_edge": 128}, "crop_size": {"height": 96, "width": 96}},
    ),
    # Crops of another shape than the resized image.
    "hf_mobilenet_v2_112x96": (
        "MobileNetV2",
        {"depth_multiplier": 0.35, "num_labels": 40},
        "MobileNetV2",
        {"size": {"shortest_edge": 128}, "crop_size": {"height": 112, "width": 96}},
    ),
    "hf_efficientnet_b0_crop": (
        "EfficientNet",
        {"width_coefficient": 1.0, "depth_coefficient": 1.0, "hidden_dim": 1280, "image_size": 224},
        "EfficientNet",
        {"size": {"height": 256, "width": 256}, "do_center_crop": True, "crop_size": {"height": 224, "width": 192}},
    ),
    "hf_efficientnet_b0": (
        "EfficientNet",
        {"width_coefficient": 1.0, "depth_coefficient": 1.0, "hidden_dim": 1280, "image_size": 224},
        "EfficientNet",
        {"size": {"height": 224, "width": 224}, "image_std": [0.47853944, 0.4732864, 0.47434163]},
    ),
    "hf_efficientnet_b1": (
        "EfficientNet",
        {"width_coefficient": 1.0, "depth_coefficient": 1.1, "hidden_dim": 1280, "depthwise_padding": [16]},
        "EfficientNet",
        {"size": {"height": 240, "width": 240}, "rescale_offset": True, "rescale_factor": 1 / 127.5, "include_top": False},
    ),
}


def transformer(name, folder):
    """Writes one of transformers' networks to a folder; returns the network, its input size, the function that prepares
    an image, the side of the images and the folder."""
    kind, settings, processor_kind, processor_settings = TRANSFORMERS[name]
    settings = {"num_labels": 40} | settings
    config = getattr(transformers, f"{kind}Config")(**settings)
    config.id2label = {index: f"thing {index}" for index in range(config.num_labels)}
    net = Logits(getattr(transformers, f"{kind}ForImageClassification")(config))
    processor = getattr(transformers, f"{processor_kind}ImageProcessor")(**processor_settings)

    def prepare(rgb):
        return processor(Image.fromarray(rgb), return_tensors="np")["pixel_values"][0].astype(np.float64)

    size = dict(processor.size)
    side = size.get("shortest_edge") or size["height"]
    if processor_kind == "ConvNext":
        side = int(side / processor.crop_pct)
    net = make_models.randomise(net, name, 128, OFFSET)
    path = folder / name
    net.net.save_pretrained(path)
    processor.save_pretrained(path)
    return net, prepare, side, path, None


def renamed(net, *pairs):
    """Returns a network's state dict with other names: in each name the first pair whose first text begins it counts."""

    def name(key):
        old, new = next(((old, new) for old, new in pairs if key.startswith(old)), ("", ""))
        return new + key[len(old) :]

    return {name(key): value for key, value in net.state_dict().items()}


def small(net):
    """Gives one of torchvision's ResNets the stem of networks for CIFAR."""
    net.conv1, net.maxpool = nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.Identity()
    return net


def openmmlab():
    return torchvision.models.resnet50(num_classes=40), [("fc", "head.fc"), ("", "backbone.")], 128


def caffe(net):
    """Moves the strides of one of torchvision's ResNets to the first 1×1 convolutions."""
    for stage in (net.layer2, net.layer3, net.layer4):
        stage[0].conv1.stride, stage[0].conv2.stride = (2, 2), (1, 1)
    return net


def caffe_resnet50():
    return caffe(torchvision.models.resnet50(num_classes=40)), [], 128, ["--architecture", "resnet50:caffe"]


def caffe_openmmlab():
    net, pairs, side = openmmlab()
    return caffe(net), pairs, side, ["--architecture", "resnet50:caffe"]


def beside():
    """A network whose head lies outside the prefix of the other tensors."""
    return torchvision.models.resnet18(num_classes=40), [("fc", "classifier"), ("", "backbone.")], 128


def kuangliu():
    pairs = [(f"layer{stage}.0.downsample", f"layer{stage}.0.shortcut") for stage in range(1, 5)]
    return small(torchvision.models.resnet18(num_classes=40)), pairs + [("fc", "linear")], 32


def weiaicunzai():
    pairs = [("conv1", "conv1.0"), ("bn1", "conv1.1")]
    for stage in range(1, 5):
        for block in range(6):
            old, new = f"layer{stage}.{block}.", f"conv{stage + 1}_x.{block}."
            parts = ["conv1", "bn1", "", "conv2", "bn2", "", "conv3", "bn3"]
            pairs += [(old + part, f"{new}residual_function.{index}") for index, part in enumerate(parts) if part]
            pairs.append((f"{old}downsample", f"{new}shortcut"))
    return small(torchvision.models.resnet50(num_classes=100)), pairs, 32


def cifar_vgg():
    net = torchvision.models.vgg16_bn(num_classes=40, init_weights=False)
    net.avgpool, net.classifier = nn.AdaptiveAvgPool2d(1), nn.Linear(512, 40)
    return net, [], 32


def caffe_vgg():
    net = torchvision.models.vgg16(num_classes=40, init_weights=False)
    one, _, drop, two, _, _, three = net.classifier
    net.classifier = nn.Sequential(drop, one, nn.ReLU(), drop, two, nn.ReLU(), three)
    return net, [], 224


def head(kind):
    def make():
        net = torchvision.models.get_model(kind, weights=None)
        last = [module for module in net.modules() if isinstance(module, nn.Linear)][0]
        layers = nn.Sequential(nn.Linear(last.in_features, 64), nn.ReLU(), nn.Dropout(), nn.Linear(64, 40))
        if hasattr(net, "fc"):
            net.fc = layers
        else:
            net.classifier = layers
        return net, [], 128

    return make


OTHERS = {
    "openmmlab_resnet50": openmmlab,
    "caffe_resnet50": caffe_resnet50,
    "caffe_openmmlab_resnet50": caffe_openmmlab,
    "head_beside_resnet18": beside,
    "kuangliu_resnet18": kuangliu,
    "weiaicunzai_resnet50": weiaicunzai,
    "cifar_vgg16_bn": cifar_vgg,
    "caffe_vgg16": caffe_vgg,
    "head_resnet18": head("resnet18"),
    "head_densenet121": head("densenet121"),
    "head_mobilenet_v2": head("mobilenet_v2"),
    "head_mobilenet_v3_large": head("mobilenet_v3_large"),
    "head_efficientnet_b0": head("efficientnet_b0"),
}


def other(name, folder):
    """Returns what `transformer` returns, for a network whose file is a state dict with other names."""
    net, pairs, side, *words = OTHERS[name]()
    net = make_models.randomise(net, name, side, OFFSET)
    path = folder / f"{name}.pth"
    torch.save(renamed(net, *pairs), path)
    normalisation = ["--mean", "0.485,0.456,0.406", "--std", "0.229,0.224,0.225"]
    return net, make_models.normalise, side, path, normalisation + (words[0] if words else [])


def check_labels(path, case, options):
    """Returns whether the program names the classes as config.json does."""
    answers, _ = Program(options.binary, path).run("classify", case.file, "--top", 1)
    best = answers[0]["predictions"][0]
    return best["label"] == f"thing {best['class']}" and best["class"] == int(case.scores.argmax())


def main():
    options = check_options(check_parser(__doc__, [*TRANSFORMERS, *OTHERS]))
    print(f"PyTorch {torch.__version__}, transformers {transformers.__version__}; in brackets PyTorch's own float32")
    failed = 0
    for name in options.models:
        is_transformer = name in TRANSFORMERS
        net, prepare, side, path, arguments = (transformer if is_transformer else other)(name, options.folder)
        cases = reference(name, net, options.folder, side, prepare, CANDIDATES)
        record, _ = check(name, "folder" if is_transformer else "pth", path, cases, options, None if is_transformer else side,
                          arguments)
        if record["ok"] and is_transformer:
            record["ok"] = check_labels(path, cases[0], options)
        print(row(record), flush=True)
        failed += not record["ok"]
        for file in [path, *(case.file for case in cases)]:
            shutil.rmtree(file) if file.is_dir() else file.unlink(missing_ok=True)
    print(f"{len(options.models) - failed} of {len(options.models)} networks: {'FAILED' if failed else 'ok'}")
    return 1 if failed else 0


if __name__ == "__main__":
    script(main)
